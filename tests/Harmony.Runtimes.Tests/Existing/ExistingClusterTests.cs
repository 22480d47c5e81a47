using Harmony.Runtimes.Existing;
using Harmony.Testing;

namespace Harmony.Runtimes.Tests.Existing;

public sealed class ExistingClusterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_missing_kubeconfig_is_named()
    {
        var cluster = new ExistingCluster("prod", folder.File("none"));

        (await cluster.CheckAsync(CancellationToken.None)).Single().Blocks.ShouldBeTrue();
        var error = await Should.ThrowAsync<RuntimeException>(() => cluster.StartAsync(new Progress<string>(), CancellationToken.None));
        error.Code.ShouldBe(RuntimeError.ContextNotFound);
        error.ExitCode.ShouldBe(2);
        error.Message.ShouldContain(folder.File("none"));
    }

    [Fact]
    public async Task One_file_of_a_list_is_enough()
    {
        var cluster = new ExistingCluster("prod", string.Join(Path.PathSeparator, folder.File("none"), folder.Write("config", "")));

        await cluster.StartAsync(new Progress<string>(), CancellationToken.None);

        (await cluster.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task It_is_never_stopped_removed_or_given_images()
    {
        var cluster = new ExistingCluster("prod", folder.Write("config", ""));

        (await Should.ThrowAsync<RuntimeException>(() => cluster.StopAsync(CancellationToken.None))).Message.ShouldContain("yours");
        (await Should.ThrowAsync<RuntimeException>(() => cluster.UninstallAsync(CancellationToken.None))).Message.ShouldContain("yours");
        (await Should.ThrowAsync<RuntimeException>(() => cluster.LoadImagesAsync(["a.tar"], CancellationToken.None))).Code.ShouldBe(RuntimeError.ImageRefused);
        await cluster.LoadImagesAsync([], CancellationToken.None);
        (await cluster.GetStatusAsync(CancellationToken.None)).Managed.ShouldBeFalse();
    }

    [Fact]
    public void The_usual_place_is_where_kubectl_looks()
    {
        ExistingCluster.UsualKubeconfig(_ => "/a:/b").ShouldBe("/a:/b");
        ExistingCluster.UsualKubeconfig(_ => null).ShouldEndWith(Path.Combine(".kube", "config"));
    }
}

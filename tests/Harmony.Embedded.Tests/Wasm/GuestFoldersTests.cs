using System.Net;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Wasm;
using Harmony.Testing;

namespace Harmony.Embedded.Tests.Wasm;

public sealed class GuestFoldersTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Single_files_of_config_maps_stand_together_in_the_folder_of_their_paths()
    {
        var one = Write("volumes/kubernetes.io~configmap/c/one", "1");
        var two = Write("volumes/kubernetes.io~secret/s/two", "2");

        var seen = GuestFolders.Of(Spec(new(one, "/etc/app/one.conf", false), new(two, "/etc/app/two.conf", true))).ShouldHaveSingleItem();

        seen.GuestPath.ShouldBe("/etc/app");
        seen.ReadOnly.ShouldBeTrue();
        File.ReadAllText(Path.Combine(seen.HostPath, "one.conf")).ShouldBe("1");
        File.ReadAllText(Path.Combine(seen.HostPath, "two.conf")).ShouldBe("2");
    }

    [Fact]
    public void A_single_file_that_could_be_written_or_is_hidden_by_a_folder_is_refused()
    {
        var data = Write("data/file", "1");
        Should.Throw<ContainerException>(() => GuestFolders.Of(Spec(new ContainerMount(data, "/data/file", false)))).Message.ShouldContain("/data/file");

        var mapped = Write("volumes/kubernetes.io~configmap/c/one", "1");
        Should.Throw<ContainerException>(() => GuestFolders.Of(Spec(new(Path.GetDirectoryName(data)!, "/etc/app/", false), new(mapped, "/etc/app/one.conf", true))))
            .Message.ShouldContain("another volume");
    }

    private string Write(string path, string text)
    {
        var file = Path.Combine(folder.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    private ContainerSpec Spec(params ContainerMount[] mounts) => new()
    {
        Id = "c", Name = "c", PodName = "p", PodNamespace = "n", PodUid = "u", RestartCount = 0, Image = null!, Folder = Path.Combine(folder.Path, "container"),
        Arguments = [], Environment = [], Mounts = mounts, Container = [], PodSpec = [], HostName = "p", PodAddress = IPAddress.Loopback, LogPath = "",
    };
}

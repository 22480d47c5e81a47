using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Failures;

/// <summary>Images that cannot be had.</summary>
public sealed class ImageFailureTests(ContainerMachine machine) : IClassFixture<ContainerMachine>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HarmonyHome Home => machine.Home;

    [Fact]
    public async Task An_image_that_does_not_exist_is_found_out_at_once()
    {
        ContainerMachine.Need();
        var folder = Home.Project("absent-image", ("a.yaml", Manifests.Deployment("web", "true", image: $"{machine.Registry.Host}/library/busybox:99")));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("ImageNotFound");
        finding["subject"]!["name"]!.GetValue<string>().ShouldBe("web");
        finding["image"]!.GetValue<string>().ShouldContain("busybox:99");
        var text = (await Home.RunAsync("up", folder)).Ends(1);
        text.Error.ShouldContain("The registry has no image of this name and tag.");
        text.Error.ShouldContain("absent-image does not work");

        File.WriteAllText(Path.Combine(folder, "a.yaml"), Manifests.Deployment("web", "sleep 1000"));
        await Home.UpAsync(folder);
        (await Home.RunAsync("down", "absent-image")).Ends(0);
    }

    [Fact]
    public async Task A_registry_that_sends_other_bytes_is_not_believed()
    {
        ContainerMachine.Need();
        var image = new Testing.Images.ImageBuilder().WithFiles(("etc/a", "a")).Build();
        var reference = machine.Registry.Add("spoiled", "1", image);
        var layer = image.Blobs.Keys.First(d => d != image.Digest && d != image.ConfigDigest);
        machine.Registry.Spoil(layer, [.. image.Blobs[layer].Select(b => (byte)(b ^ 1))]);
        var folder = Home.Project("spoiled", ("a.yaml", Manifests.Deployment("web", "true", image: reference)));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("ImagePullFailed");
        finding["evidence"]!.ToJsonString().ShouldContain("sha256");
        (await Home.RunAsync("down", "spoiled")).Ends(0);
    }

    [Fact]
    public async Task A_registry_that_stalls_ends_with_the_time_and_the_same_command_goes_on()
    {
        ContainerMachine.Need();
        var reference = machine.Registry.Add("slow", "1", await Images.DebianImage.BusyboxAsync(Cancellation));
        var released = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        machine.Registry.Fault = context => context.Request.Path.StartsWithSegments("/v2/slow", StringComparison.Ordinal) ? released.Task : Task.FromResult(false);
        var folder = Home.Project("slow", ("a.yaml", Manifests.Deployment("web", "sleep 1000", image: reference)));

        var launch = (await Home.RunAsync("up", folder, "--timeout", "5s", "-o", "json")).Ends(4).Json;

        launch["outcome"]!.GetValue<string>().ShouldBe("TimedOut");
        launch["workloads"]![0]!["stage"]!.GetValue<string>().ShouldBe("Pulling");
        launch["findings"]!.AsArray().ShouldNotBeEmpty();
        machine.Registry.Fault = null;
        released.SetResult(false);
        await Home.UpAsync(folder);
        (await Home.RunAsync("down", "slow")).Ends(0);
    }
}

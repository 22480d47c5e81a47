using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Tests.Node.Containers;

public sealed class RootPathTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("harmony-root-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_link_stays_inside_whatever_it_says()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        Directory.CreateDirectory(Path.Combine(root, "etc"));
        File.CreateSymbolicLink(Path.Combine(root, "absolute"), "/etc/passwd");
        File.CreateSymbolicLink(Path.Combine(root, "climbing"), "../../../../etc/passwd");
        File.CreateSymbolicLink(Path.Combine(root, "folder"), "/etc");

        foreach (var path in new[] { "absolute", "climbing", "folder/passwd", "/folder/../../etc/passwd" })
        {
            RootPath.Resolve(root, path).ShouldBe(Path.Combine(root, "etc", "passwd"));
        }
    }

    [Fact]
    public void Links_in_a_circle_lead_nowhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        File.CreateSymbolicLink(Path.Combine(root, "a"), "b");
        File.CreateSymbolicLink(Path.Combine(root, "b"), "a");

        RootPath.Resolve(root, "a/file").ShouldBeNull();
    }
}

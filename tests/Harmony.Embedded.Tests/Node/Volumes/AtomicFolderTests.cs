using System.Text;
using Harmony.Embedded.Node.Volumes;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Tests.Node.Volumes;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "harmony-volume-" + Guid.NewGuid().ToString("N"));

    public AtomicFolderTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");

    public void Dispose() => Disk.DeleteTree(folder);

    [Fact]
    public void Files_are_replaced_all_at_once_and_old_ones_go()
    {
        Write(("a", "1"), ("sub/b", "2")).ShouldBeTrue();
        Read("a").ShouldBe("1");
        Read("sub/b").ShouldBe("2");
        var before = Disk.LinkTarget(Path.Combine(folder, "..data"));

        Write(("a", "1"), ("sub/b", "2")).ShouldBeFalse();
        Write(("a", "3")).ShouldBeTrue();

        Read("a").ShouldBe("3");
        Disk.Exists(Path.Combine(folder, "sub")).ShouldBeFalse();
        Directory.Exists(Path.Combine(folder, before!)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("..data")]
    [InlineData("")]
    public void A_path_that_leads_out_is_refused(string path) => Should.Throw<VolumeException>(() => Write((path, "x")));

    private bool Write(params (string Path, string Text)[] files) => AtomicFolder.Write(
        folder, files.ToDictionary(f => f.Path, f => new VolumeFile(Encoding.UTF8.GetBytes(f.Text), 0x1A4), StringComparer.Ordinal), null, TimeProvider.System);

    private string Read(string path) => File.ReadAllText(Path.Combine(folder, path));
}

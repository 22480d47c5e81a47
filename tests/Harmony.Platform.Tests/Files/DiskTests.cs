using System.Diagnostics;
using Harmony.Platform.Files;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Files;

public sealed class DiskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_replaced_whole_and_leaves_no_scratch_file()
    {
        var path = folder.Write("a.txt", "old and longer");

        Disk.WriteAtomically(path, "new");

        File.ReadAllText(path).ShouldBe("new");
        Directory.GetFiles(folder.Path).ShouldBe([path]);
    }

    [Fact]
    public void A_new_file_is_private()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var path = folder.File("deep/down/a.txt");

        Disk.WriteAtomically(path, "secret");

        File.GetUnixFileMode(path).ShouldBe(Disk.Private);
        File.GetUnixFileMode(folder.File("deep/down")).ShouldBe(Disk.PrivateFolder);
        File.GetUnixFileMode(folder.File("deep")).ShouldBe(Disk.PrivateFolder);
    }

    [Fact]
    public void A_tree_is_deleted_but_not_what_its_links_point_to()
    {
        folder.Write("outside/keep.txt", "keep");
        folder.Write("tree/inner/a.txt", "a");
        Directory.CreateSymbolicLink(folder.File("tree/inner/link"), folder.File("outside"));
        File.CreateSymbolicLink(folder.File("tree/dangling"), "/no/such/place");

        Disk.DeleteTree(folder.File("tree"));

        Directory.Exists(folder.File("tree")).ShouldBeFalse();
        File.Exists(folder.File("outside/keep.txt")).ShouldBeTrue();
    }

    [Fact]
    public void Deleting_a_link_to_a_folder_removes_the_link_only()
    {
        folder.Write("outside/keep.txt", "keep");
        Directory.CreateSymbolicLink(folder.File("link"), folder.File("outside"));

        Disk.DeleteTree(folder.File("link"));

        new FileInfo(folder.File("link")).LinkTarget.ShouldBeNull();
        File.Exists(folder.File("outside/keep.txt")).ShouldBeTrue();
    }

    [Fact]
    public void Deleting_a_tree_that_is_not_there_does_nothing() => Should.NotThrow(() => Disk.DeleteTree(folder.File("none")));

    [Fact]
    public void What_is_mounted_in_a_tree_is_neither_entered_nor_removed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting needs root on Linux.");
        folder.Write("precious/keep.txt", "keep");
        folder.Write("tree/a/gone.txt", "gone");
        var point = Directory.CreateDirectory(folder.File("tree/a/mo unt")).FullName;
        Assert.SkipUnless(Run("mount", "--bind", folder.File("precious"), point) == 0, "This machine does not let root mount.");
        try
        {
            var error = Should.Throw<IOException>(() => Disk.DeleteTree(folder.File("tree")));

            error.Message.ShouldContain(point);
            File.Exists(folder.File("precious/keep.txt")).ShouldBeTrue();
            File.Exists(folder.File("tree/a/gone.txt")).ShouldBeFalse();
            Should.Throw<IOException>(() => Disk.DeleteTree(point));
            File.Exists(folder.File("precious/keep.txt")).ShouldBeTrue();
        }
        finally
        {
            Run("umount", point);
        }
    }

    [Fact]
    public void A_real_path_has_no_links()
    {
        folder.Write("real/a.txt", "a");
        Directory.CreateSymbolicLink(folder.File("one"), "real");
        Directory.CreateSymbolicLink(folder.File("two"), folder.File("one"));

        Disk.RealPath(folder.File("two/a.txt")).ShouldBe(Path.Combine(Disk.RealPath(folder.Path), "real", "a.txt"));
    }

    [Fact]
    public void Links_that_go_round_are_an_error()
    {
        File.CreateSymbolicLink(folder.File("a"), folder.File("b"));
        File.CreateSymbolicLink(folder.File("b"), folder.File("a"));

        Should.Throw<IOException>(() => Disk.RealPath(folder.File("a")));
    }

    [Theory]
    [InlineData("inside/a.txt", true)]
    [InlineData("inside", true)]
    [InlineData("inside/../outside/a.txt", false)]
    [InlineData("inside/escape/a.txt", false)]
    [InlineData("inside-not", false)]
    public void A_path_is_inside_a_folder_only_when_its_links_resolve_there(string path, bool expected)
    {
        folder.Write("inside/a.txt", "a");
        folder.Write("outside/a.txt", "a");
        Directory.CreateSymbolicLink(folder.File("inside/escape"), folder.File("outside"));

        Disk.IsInside(folder.File(path), folder.File("inside")).ShouldBe(expected);
    }

    [Fact]
    public void A_bounded_read_stops_one_byte_after_the_bound()
    {
        var path = folder.Write("big", new string('x', 1000));

        Disk.ReadBytes(path, 100).Length.ShouldBe(101);
        Disk.ReadBytes(path, 1000).Length.ShouldBe(1000);
        Disk.ReadBytes(path, 5000).Length.ShouldBe(1000);
    }

    [Fact]
    public void A_pipe_is_no_ordinary_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Named pipes are files on Unix only.");
        Run("mkfifo", folder.File("pipe")).ShouldBe(0);

        Disk.IsOrdinaryFile(folder.File("pipe")).ShouldBeFalse();
        Disk.IsOrdinaryFile(folder.Write("file", "")).ShouldBeTrue();
        Disk.IsOrdinaryFile(folder.Path).ShouldBeFalse();
    }

    [Fact]
    public void The_free_space_is_known_before_the_folder_exists() => Disk.FreeSpace(folder.File("not/yet"))!.Value.ShouldBeGreaterThan(0);

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}

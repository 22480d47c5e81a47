using Harmony.Platform.Processes;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Processes;

public sealed class ProgramsTests
{
    [Fact]
    public void A_program_is_never_taken_from_the_current_folder_or_a_relative_entry_of_PATH()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are Unix'.");
        using var folder = new TemporaryFolder();
        var tool = folder.Write("bin/tool", "#!/bin/sh");
        folder.Write("data/tool", "not executable");
        File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Find($"{folder.File("data")}:{folder.File("bin")}").ShouldBe(tool);
        Find(Path.GetRelativePath(Environment.CurrentDirectory, folder.File("bin"))).ShouldBeNull();
        Find("").ShouldBeNull();

        string? Find(string path) => Programs.Find("tool", name => name == "PATH" ? path : null);
    }

    [Fact]
    public void A_link_to_nothing_is_no_program()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need privileges there.");
        using var folder = new TemporaryFolder();
        var tool = folder.Write("bin/tool", "#!/bin/sh");
        File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Directory.CreateDirectory(folder.File("first"));
        File.CreateSymbolicLink(folder.File("first/tool"), "../gone/tool");

        Programs.FindIn([folder.File("first"), folder.File("bin")], "tool").ShouldBe(tool);
        Programs.FindIn([folder.File("first")], "tool").ShouldBeNull();
    }
}

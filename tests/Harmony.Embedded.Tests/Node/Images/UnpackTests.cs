using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Harmony.Embedded.Node.Images;
using Harmony.Platform.Files;
using Harmony.Testing.Images;

namespace Harmony.Embedded.Tests.Node.Images;

public sealed class UnpackTests : IAsyncLifetime
{
    private const string NeedsRoot = "overlayfs and device files need Linux and root";

    private readonly ImageStoreBed _bed = new();
    private readonly List<string> _mounted = [];
    private RegistryServer _registry = null!;

    public async ValueTask InitializeAsync() => _registry = await RegistryServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (ImageStoreBed.CanMount)
        {
            using var store = _bed.Open(unpacks: true);
            foreach (var folder in _mounted)
            {
                await store.UnmountAsync(folder, default);
            }
        }

        await _registry.DisposeAsync();
        _bed.Dispose();
    }

    [Fact]
    public async Task Layers_lie_over_each_other_and_the_container_writes_to_its_own()
    {
        var root = await MountAsync(new ImageBuilder().WithFiles(("etc/a", "one"), ("etc/b", "one")).WithFiles(("etc/b", "two"), ("new/c", "two")));

        Read(root, "etc/a").ShouldBe("one");
        Read(root, "etc/b").ShouldBe("two");
        Read(root, "new/c").ShouldBe("two");
        await File.WriteAllTextAsync(Path.Combine(root, "etc/a"), "mine");
        var other = await MountAsync(new ImageBuilder().WithFiles(("etc/a", "one"), ("etc/b", "one")));
        Read(other, "etc/a").ShouldBe("one");
    }

    [Fact]
    public async Task Whiteouts_delete_and_opaque_folders_hide_what_is_below()
    {
        var root = await MountAsync(new ImageBuilder()
            .WithFiles(("gone", "x"), ("dir/old", "x"), ("deep/tree/file", "x"), ("kept", "x"))
            .WithFiles((".wh.gone", ""), ("dir/new", "y"), ("dir/.wh..wh..opq", ""), (".wh.deep", ""), (".wh..wh.plnk/ignored", "")));

        Directory.GetFileSystemEntries(root).Select(Path.GetFileName).Order().ShouldBe(["dir", "kept"]);
        Directory.GetFileSystemEntries(Path.Combine(root, "dir")).Select(Path.GetFileName).ShouldBe(["new"]);
    }

    [Fact]
    public async Task A_file_below_a_link_of_a_lower_layer_goes_where_the_link_leads()
    {
        // As on Debian: bin is a link to usr/bin, and a later layer has bin/tool without being told.
        var root = await MountAsync(new ImageBuilder()
            .WithLayer(tar =>
            {
                Folder(tar, "usr/");
                Folder(tar, "usr/bin/");
                File_(tar, "usr/bin/sh", "sh");
                Link(tar, "bin", "usr/bin");
            })
            .WithLayer(tar => File_(tar, "bin/tool", "tool"))
            .WithLayer(tar => File_(tar, "bin/other", "other")));

        Read(root, "bin/sh").ShouldBe("sh");
        Read(root, "bin/tool").ShouldBe("tool");
        Read(root, "usr/bin/other").ShouldBe("other");
    }

    [Fact]
    public async Task Owners_modes_links_devices_times_and_capabilities_are_the_archives()
    {
        // cap_setuid=ep: its bytes are no UTF-8.
        byte[] capability = [1, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        var archive = RawTar.Write(
            ("tmp/", '5', "", "", 0b1_111_111_111, 0, 0, null),
            ("bin/su", '0', "set", "", 0b100_111_101_101, 0, 4, null),
            ("bin/map", '0', "map", "", 0b111_101_101, 0, 0, ("SCHILY.xattr.security.capability", capability)),
            ("bin/hard", '1', "", "bin/map", 0b111_101_101, 0, 0, null),
            ("home/file", '0', "text", "", 0b110_000_000, 1000, 1001, null),
            ("absolute", '2', "", "/bin/map", 0b111_111_111, 7, 7, null),
            ("dev/null", '3', "", "", 0b110_110_110, 0, 0, null),
            ("pipe", '6', "", "", 0b110_000_000, 0, 0, null));
        var root = await MountAsync(new ImageBuilder().WithArchive(archive));

        (await ShellAsync(root, "stat -c '%n %a %u %g %F' tmp bin/su home/file absolute dev/null pipe")).ShouldBe("""
            tmp 1777 0 0 directory
            bin/su 4755 0 4 regular file
            home/file 600 1000 1001 regular file
            absolute 777 7 7 symbolic link
            dev/null 666 0 0 character special file
            pipe 600 0 0 fifo

            """, StringCompareShould.IgnoreLineEndings);
        (await ShellAsync(root, "stat -c '%h %t,%T' bin/map bin/hard dev/null")).ShouldBe("2 0,0\n2 0,0\n1 1,3\n");
        (await ShellAsync(root, "readlink absolute")).ShouldBe("/bin/map\n");
        (await ShellAsync(root, "stat -c %Y home/file tmp")).ShouldBe("1700000000\n1700000000\n");
        (await PythonAsync($"import os; print(os.getxattr('{root}/bin/map', 'security.capability').hex())")).Trim().ShouldStartWith("0100000280000000");
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a/../../escape")]
    [InlineData("a/b/../../../../../escape")]
    public async Task A_path_that_climbs_out_is_refused(string path) =>
        (await FailAsync(RawTar.Write((path, '0', "evil", "", 420, 0, 0, null)))).ShouldContain("leads out of it");

    [Fact]
    public async Task Absolute_paths_and_links_stay_inside_the_image()
    {
        var outside = Path.Combine(_bed.Folder, "outside");
        Directory.CreateDirectory(outside);
        var root = await MountAsync(new ImageBuilder().WithArchive(RawTar.Write(
            ("/absolute", '0', "in", "", 420, 0, 0, null),
            ("out", '2', "", outside, 511, 0, 0, null),
            ("out/file", '0', "in", "", 420, 0, 0, null),
            ("up", '2', "", "../../../../../../../../../../.." + outside, 511, 0, 0, null),
            ("up/file2", '0', "in", "", 420, 0, 0, null))));

        Directory.GetFileSystemEntries(outside).ShouldBeEmpty();
        Read(root, "absolute").ShouldBe("in");
        Read(root, outside.TrimStart('/') + "/file").ShouldBe("in");
        Read(root, outside.TrimStart('/') + "/file2").ShouldBe("in");
    }

    [Fact]
    public async Task A_hard_link_to_a_file_of_the_host_is_refused()
    {
        var secret = Path.Combine(_bed.Folder, "secret");
        await File.WriteAllTextAsync(secret, "hush");

        (await FailAsync(RawTar.Write(("stolen", '1', "", secret, 420, 0, 0, null)))).ShouldContain("which is not in the image");
        (await FailAsync(RawTar.Write(("stolen", '1', "", "../../" + secret, 420, 0, 0, null)))).ShouldContain("leads out of it");
    }

    [Fact]
    public async Task A_link_that_is_overwritten_is_replaced_and_not_written_through()
    {
        var victim = Path.Combine(_bed.Folder, "victim");
        await File.WriteAllTextAsync(victim, "safe");

        var root = await MountAsync(new ImageBuilder().WithArchive(RawTar.Write(("f", '2', "", victim, 511, 0, 0, null), ("f", '0', "evil", "", 420, 0, 0, null))));

        (await File.ReadAllTextAsync(victim)).ShouldBe("safe");
        Read(root, "f").ShouldBe("evil");
    }

    [Fact]
    public async Task Links_that_lead_in_circles_are_refused() =>
        (await FailAsync(RawTar.Write(("a", '2', "", "b", 511, 0, 0, null), ("b", '2', "", "a", 511, 0, 0, null), ("a/file", '0', "x", "", 420, 0, 0, null)))).ShouldContain("too many links");

    [Fact]
    public async Task Attributes_that_would_forge_an_overlay_are_left_out()
    {
        var root = await MountAsync(new ImageBuilder()
            .WithFiles(("dir/below", "x"))
            .WithArchive(RawTar.Write(("dir/", '5', "", "", 493, 0, 0, ("SCHILY.xattr.trusted.overlay.opaque", "y"u8.ToArray())))));

        Read(root, "dir/below").ShouldBe("x");
    }

    [Theory]
    [InlineData('S', "sparse")]
    [InlineData('Z', "unknown type")]
    public async Task Kinds_of_members_that_no_layer_has_are_refused(char type, string reason) =>
        (await FailAsync(RawTar.Write(("x", type, "", "", 420, 0, 0, null)))).ShouldContain(reason);

    [Fact]
    public async Task An_archive_that_is_cut_off_leaves_nothing_and_the_whole_one_works_afterwards()
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        var whole = RawTar.Write(("big", '0', new string('x', 5000), "", 420, 0, 0, null));

        (await FailAsync(whole[..3000])).ShouldContain("cut off");

        Directory.GetFileSystemEntries(Path.Combine(_bed.Folder, "images", "layers")).ShouldBeEmpty();
        Read(await MountAsync(new ImageBuilder().WithArchive(whole)), "big").Length.ShouldBe(5000);
    }

    [Fact]
    public async Task A_layer_whose_content_is_not_what_the_config_says_is_refused()
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        var (said, done) = (RawTar.Write(("a", '0', "a", "", 420, 0, 0, null)), RawTar.Write(("b", '0', "b", "", 420, 0, 0, null)));
        var reference = _registry.Add("acme/bad", "1", new ImageBuilder().WithArchive(said, "", compressed: done).Build());

        var error = await Should.ThrowAsync<ImageException>(() => _bed.Open(unpacks: true).PullAsync(reference, [], default));

        error.Message.ShouldContain("wrong diff id");
    }

    [Fact]
    public async Task What_a_killed_process_left_half_done_is_removed()
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        var half = Path.Combine(_bed.Folder, "images", "layers", ".new-half");
        Directory.CreateDirectory(Path.Combine(half, "fs"));

        using var store = _bed.Open(unpacks: true);

        Directory.Exists(half).ShouldBeFalse();
    }

    [Fact]
    public async Task Compressed_with_zstd_or_not_at_all_a_layer_unpacks_alike()
    {
        var tar = RawTar.Write(("f", '0', "text", "", 420, 0, 0, null));
        using var zstd = new ZstdSharp.Compressor();

        Read(await MountAsync(new ImageBuilder().WithArchive(tar, "zstd", zstd.Wrap(tar).ToArray())), "f").ShouldBe("text");
        Read(await MountAsync(new ImageBuilder().WithFiles(("g", "below")).WithArchive(tar, "")), "f").ShouldBe("text");
    }

    [Fact]
    public async Task A_hundred_and_twenty_layers_are_mounted()
    {
        var builder = new ImageBuilder();
        for (var i = 0; i < 120; i++)
        {
            builder.WithFiles(($"f{i}", $"{i}"));
        }

        var root = await MountAsync(builder);

        Directory.GetFiles(root).Length.ShouldBe(120);
    }

    [Fact]
    public async Task Mounting_twice_and_unmounting_twice_are_no_errors_and_nothing_is_left()
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        using var store = _bed.Open(unpacks: true);
        var image = await store.PullAsync(_registry.Add("acme/app", "1", new ImageBuilder().WithFiles(("f", "x")).Build()), [], default);
        var folder = Path.Combine(_bed.Folder, "container");

        var root = await store.MountAsync(image, folder, default);
        (await store.MountAsync(image, folder, default)).ShouldBe(root);
        await store.UnmountAsync(folder, default);
        await store.UnmountAsync(folder, default);

        MountTable.Read().Below(folder).ShouldBeEmpty();
        Directory.GetFileSystemEntries(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_root_folder_has_the_mode_that_the_image_gives_it()
    {
        var root = await MountAsync(new ImageBuilder().WithArchive(RawTar.Write(("./", '5', "", "", 0b111_000_101, 0, 9, null))).WithFiles(("f", "x")));

        (await ShellAsync(root, "stat -c '%a %g' .")).ShouldBe("705 9\n");
    }

    [Fact]
    public async Task Pruning_keeps_what_is_in_use_and_what_it_shares()
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        using var store = _bed.Open(unpacks: true);
        var used = await store.PullAsync(_registry.Add("acme/used", "1", new ImageBuilder().WithFiles(("shared", "x")).Build()), [], default);
        var unused = await store.PullAsync(_registry.Add("acme/unused", "1", new ImageBuilder().WithFiles(("shared", "x")).WithFiles(("own", "y")).Build()), [], default);

        store.Prune(new HashSet<string>([used.Id])).ShouldBe([unused.Reference]);

        store.Find(unused.Reference).ShouldBeNull();
        store.Find(used.Reference).ShouldNotBeNull();
        Directory.GetFileSystemEntries(Path.Combine(_bed.Folder, "images", "layers")).Length.ShouldBe(2);
        Directory.GetFiles(Path.Combine(_bed.Folder, "images", "blobs", "sha256")).Length.ShouldBe(3);
    }

    [Fact]
    public async Task Without_root_an_image_is_kept_and_mounting_it_says_what_is_missing()
    {
        using var store = _bed.Open(unpacks: false);
        var image = await store.PullAsync(_registry.Add("acme/app", "1", new ImageBuilder().WithFiles(("f", "x")).Build()), [], default);

        (await Should.ThrowAsync<ImageException>(() => store.MountAsync(image, Path.Combine(_bed.Folder, "c"), default))).Message.ShouldContain("need Linux and root");
    }

    private static string Read(string root, string path) => File.ReadAllText(Path.Combine(root, path));

    private static void Folder(TarWriter tar, string name) => tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b111_101_101 });

    private static void File_(TarWriter tar, string name, string text) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)0b110_100_100, DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });

    private static void Link(TarWriter tar, string name, string target) => tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target });

    private static Task<string> ShellAsync(string folder, string line) => RunAsync("sh", folder, "-c", line);

    private static Task<string> PythonAsync(string line) => RunAsync("python3", "/", "-c", line);

    private static async Task<string> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    private async Task<string> MountAsync(ImageBuilder builder)
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        using var store = _bed.Open(unpacks: true);
        var image = await store.PullAsync(_registry.Add($"acme/app{_mounted.Count}", "1", builder.Build()), [], TestContext.Current.CancellationToken);
        var folder = Path.Combine(_bed.Folder, $"container{_mounted.Count}");
        _mounted.Add(folder);
        return await store.MountAsync(image, folder, TestContext.Current.CancellationToken);
    }

    private async Task<string> FailAsync(byte[] archive)
    {
        Assert.SkipUnless(ImageStoreBed.CanMount, NeedsRoot);
        using var store = _bed.Open(unpacks: true);
        var reference = _registry.Add("acme/hostile", "1", new ImageBuilder().WithArchive(archive).Build());
        return (await Should.ThrowAsync<ImageException>(() => store.PullAsync(reference, [], TestContext.Current.CancellationToken))).Message;
    }
}

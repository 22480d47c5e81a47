using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Harmony.Embedded.Node.Images;
using Harmony.Testing.Images;

namespace Harmony.Embedded.Tests.Node.Images;

public sealed class ImportTests : IDisposable
{
    private readonly ImageStoreBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_OCI_layout_is_taken_in_plain_or_compressed(bool compressed)
    {
        var (app, module) = (new ImageBuilder().WithFiles(("f", "x")).Build(), ImageBuilder.BuildModule("(module)"u8.ToArray(), "text/vnd.harmony.wat"));
        var archive = BuiltImage.WriteArchive([("harmony.local/app:1", app), ("module:2", module)]);
        var store = _bed.Open();

        var names = await store.ImportAsync(new MemoryStream(compressed ? Gzip(archive) : archive), TestContext.Current.CancellationToken);

        names.ShouldBe(["harmony.local/app:1", "docker.io/library/module:2"]);
        store.Find("harmony.local/app:1")!.Id.ShouldBe(app.ConfigDigest);
        (await File.ReadAllTextAsync(store.FindModule(store.Find("module:2")!)!)).ShouldBe("(module)");
    }

    [Fact]
    public async Task What_docker_save_writes_is_taken_in_with_its_links()
    {
        var layer = RawTar.Write(("f", '0', "x", "", 420, 0, 0, null));
        var config = Encoding.UTF8.GetBytes($$$"""{"architecture":"{{{ImageBuilder.NativeArchitecture}}}","os":"linux","config":{"Cmd":["/f"]},"rootfs":{"type":"layers","diff_ids":["{{{ImageBuilder.Digest(layer)}}}","{{{ImageBuilder.Digest(layer)}}}"]}}""");
        var archive = Tar(tar =>
        {
            Add(tar, "aaaa/layer.tar", layer);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bbbb/layer.tar") { LinkName = "../aaaa/layer.tar" });
            Add(tar, "cfg.json", config);
            Add(tar, "manifest.json", """[{"Config":"cfg.json","RepoTags":["acme/shop:1.4","acme/shop:latest"],"Layers":["aaaa/layer.tar","bbbb/layer.tar"]}]"""u8.ToArray());
        });
        var store = _bed.Open();

        (await store.ImportAsync(new MemoryStream(archive), default)).ShouldBe(["docker.io/acme/shop:1.4", "docker.io/acme/shop:latest"]);

        store.Find("acme/shop")!.Config.Command.ShouldBe(["/f"]);
        store.Find("acme/shop:1.4")!.Id.ShouldBe(ImageBuilder.Digest(config));
    }

    [Fact]
    public async Task A_blob_that_is_not_what_its_name_says_is_refused()
    {
        var archive = Tar(tar => Add(tar, "blobs/sha256/" + new string('a', 64), "x"u8.ToArray()));

        (await FailAsync(archive)).ShouldContain("has the checksum");
    }

    [Fact]
    public async Task Nothing_is_written_outside_the_store()
    {
        var archive = Tar(tar => Add(tar, "../../../escape", "x"u8.ToArray()));

        await FailAsync(archive);

        Directory.GetFiles(_bed.Folder, "escape", SearchOption.AllDirectories).ShouldBeEmpty();
        File.Exists(Path.Combine(Path.GetDirectoryName(_bed.Folder)!, "escape")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no archive at all, but it is long enough to be taken for a header if nobody looked at what it says; so it goes on and on. this is no archive at all, but it is long enough to be taken for a header if nobody looked at what it says; so it goes on and on. this is no archive at all, but it is long enough to be taken for a header if nobody looked at what it says; so it goes on and on. this is no archive at all, but it is long enough to be taken for a header if nobody looked at what it says; so it goes on and on.")]
    public async Task What_is_no_archive_is_refused(string content) => await FailAsync(Encoding.UTF8.GetBytes(content));

    [Fact]
    public async Task A_part_that_is_missing_is_named()
    {
        var image = new ImageBuilder().WithFiles(("f", "x")).Build();
        var layer = image.Blobs.Keys.First(k => k != image.Digest && k != image.ConfigDigest);
        var broken = image with { Blobs = image.Blobs.Where(b => b.Key != layer).ToDictionary(b => b.Key, b => b.Value, StringComparer.Ordinal) };

        (await FailAsync(broken.ToArchive("a:1"))).ShouldContain(layer);
    }

    private async Task<string> FailAsync(byte[] archive) =>
        (await Should.ThrowAsync<ImageException>(() => _bed.Open().ImportAsync(new MemoryStream(archive), default))).Message;

    private static byte[] Tar(Action<TarWriter> write)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            write(tar);
        }

        return archive.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] content) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    private static byte[] Gzip(byte[] content)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return compressed.ToArray();
    }
}

using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Orchestration.Images;
using Harmony.Projects;

namespace Harmony.Orchestration.Tests.Images;

public sealed class WebAssemblyImageBuilderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("harmony-wasm-image-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("\0asm\x01\0\0\0", "application/wasm", "wasip1")]
    [InlineData("\0asm\x0d\0\x01\0", "application/wasm", "wasip2")]
    [InlineData("(module)", "text/vnd.harmony.wat", "wasip1")]
    public void A_module_becomes_an_artifact_of_its_kind(string content, string mediaType, string os)
    {
        var files = Read(WebAssemblyImageBuilder.Build(new("harmony.local/app:1", Module(content)), _folder));

        var entry = JsonNode.Parse(files["index.json"])!["manifests"]![0]!;
        ((string?)entry["annotations"]!["io.containerd.image.name"]).ShouldBe("harmony.local/app:1");
        var manifest = JsonNode.Parse(Blob(files, entry))!;
        ((string?)manifest["layers"]![0]!["mediaType"]).ShouldBe(mediaType);
        Blob(files, manifest["layers"]![0]!).ShouldBe(content);
        ((string?)JsonNode.Parse(Blob(files, manifest["config"]!))!["os"]).ShouldBe(os);
    }

    [Fact]
    public void The_same_module_gives_the_same_archive()
    {
        var image = new WebAssemblyImage("harmony.local/app:1", Module("(module)"));

        var first = WebAssemblyImageBuilder.Build(image, Path.Combine(_folder, "a"));
        var second = WebAssemblyImageBuilder.Build(image, Path.Combine(_folder, "b"));

        File.ReadAllBytes(second).ShouldBe(File.ReadAllBytes(first));
        Path.GetFileName(second).ShouldBe(Path.GetFileName(first));
    }

    [Fact]
    public void A_module_that_is_not_there_is_named() =>
        Should.Throw<ProjectException>(() => WebAssemblyImageBuilder.Build(new("a", Path.Combine(_folder, "none.wasm")), _folder)).Message.ShouldContain("none.wasm");

    private string Module(string content)
    {
        var path = Path.Combine(_folder, "module");
        File.WriteAllText(path, content);
        return path;
    }

    private static string Blob(Dictionary<string, string> files, JsonNode pointer) => files["blobs/sha256/" + ((string)pointer["digest"]!)[7..]];

    private static Dictionary<string, string> Read(string archive)
    {
        using var stream = File.OpenRead(archive);
        using var tar = new TarReader(stream);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        while (tar.GetNextEntry() is { } entry)
        {
            files[entry.Name] = new StreamReader(entry.DataStream!, Encoding.UTF8).ReadToEnd();
        }

        return files;
    }
}

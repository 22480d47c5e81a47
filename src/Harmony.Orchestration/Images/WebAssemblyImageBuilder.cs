using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Platform.Files;
using Harmony.Projects;

namespace Harmony.Orchestration.Images;

/// <summary>
/// Makes an OCI artifact of a WebAssembly module, in the CNCF's form, as an image layout archive that runtimes take in. The same module gives
/// the same bytes. Source: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
/// </summary>
public static class WebAssemblyImageBuilder
{
    /// <summary>A module larger than this is refused: bytes.</summary>
    public const long LargestModule = 256L * 1024 * 1024;

    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>The annotation by which containerd, and so k3s, names what it imports.</summary>
    private const string NameAnnotation = "io.containerd.image.name";

    /// <summary>Writes the archive into the folder and returns its path; one that is there already is used again.</summary>
    /// <exception cref="ProjectException">The module is missing or too large.</exception>
    public static string Build(WebAssemblyImage image, string folder)
    {
        if (!Disk.FileExists(image.ModulePath))
        {
            throw new ProjectException(ProjectError.NotFound, $"{image.ModulePath}: the WebAssembly module is not there", "Build it first, or correct the path.");
        }

        if (Disk.Size(image.ModulePath) > LargestModule)
        {
            throw new ProjectException(ProjectError.TooLarge, $"{image.ModulePath}: the WebAssembly module is larger than {LargestModule >> 20} MiB");
        }

        var archive = Write(image.Reference, Disk.ReadBytes(image.ModulePath));
        var path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(archive)) + ".tar");
        if (!Disk.FileExists(path))
        {
            Disk.WriteAtomically(path, archive);
        }

        return path;
    }

    private static byte[] Write(string reference, byte[] module)
    {
        var isText = !module.AsSpan().StartsWith("\0asm"u8);

        // A component says "layer 1" where a module says "layer 0".
        var isComponent = !isText && module.Length > 6 && module[6] == 1;
        var config = Bytes(new JsonObject
        {
            ["architecture"] = "wasm",
            ["os"] = isComponent ? "wasip2" : "wasip1",
            ["layerDigests"] = new JsonArray(Digest(module)),
        });
        var manifest = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = Pointer("application/vnd.wasm.config.v0+json", config),
            ["layers"] = new JsonArray(Pointer(isText ? "text/vnd.harmony.wat" : "application/wasm", module)),
        });
        var entry = Pointer(ManifestType, manifest);
        entry["annotations"] = new JsonObject { [NameAnnotation] = reference };
        var index = Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(entry) });

        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            Add(tar, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray());
            foreach (var blob in (byte[][])[module, config, manifest])
            {
                Add(tar, "blobs/sha256/" + Digest(blob)["sha256:".Length..], blob);
            }

            Add(tar, "index.json", index);
        }

        return archive.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] content) => tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        // No time of now: the archive must be the same each time.
        ModificationTime = DateTimeOffset.UnixEpoch,
        Mode = Disk.Shared,
        DataStream = new MemoryStream(content),
    });

    private static JsonObject Pointer(string mediaType, byte[] content) => new() { ["mediaType"] = mediaType, ["digest"] = Digest(content), ["size"] = content.Length };

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}

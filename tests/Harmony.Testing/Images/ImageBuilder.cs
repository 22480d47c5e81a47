using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Harmony.Testing.Images;

/// <summary>Builds OCI images in memory, layer by layer: from files, folders or whole archives. The same calls give the same digests.</summary>
public sealed class ImageBuilder
{
    private readonly List<(byte[] Blob, string DiffId, string MediaType)> _layers = [];
    private readonly JsonObject _config = [];
    private string _os = "linux";
    private string _architecture = NativeArchitecture;

    /// <summary>This machine's, in Go's words.</summary>
    public static string NativeArchitecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    public ImageBuilder WithPlatform(string os, string architecture)
    {
        (_os, _architecture) = (os, architecture);
        return this;
    }

    public ImageBuilder WithEntrypoint(params string[] words) => With("Entrypoint", List(words));

    public ImageBuilder WithCommand(params string[] words) => With("Cmd", List(words));

    public ImageBuilder WithEnvironment(params string[] variables) => With("Env", List(variables));

    public ImageBuilder WithUser(string user) => With("User", user);

    public ImageBuilder WithWorkingFolder(string folder) => With("WorkingDir", folder);

    public ImageBuilder WithStopSignal(string signal) => With("StopSignal", signal);

    /// <summary>Any key of the OCI config's <c>config</c> object.</summary>
    public ImageBuilder With(string key, JsonNode value)
    {
        _config[key] = value;
        return this;
    }

    /// <summary>A layer of files by path; folders above them are made. A path that ends in <c>/</c> is an empty folder.</summary>
    public ImageBuilder WithFiles(params (string Path, string Text)[] files) =>
        WithFiles([.. files.Select(f => (f.Path, Encoding.UTF8.GetBytes(f.Text), 0b110_100_100))]);

    /// <summary>A layer of files with their modes.</summary>
    public ImageBuilder WithFiles(params (string Path, byte[] Content, int Mode)[] files) => WithLayer(tar =>
    {
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, content, mode) in files)
        {
            var parts = path.Trim('/').Split('/');
            foreach (var depth in Enumerable.Range(1, path.EndsWith('/') ? parts.Length : parts.Length - 1))
            {
                if (folders.Add(string.Join('/', parts[..depth])))
                {
                    tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, string.Join('/', parts[..depth]) + "/") { Mode = (UnixFileMode)0b111_101_101, ModificationTime = DateTimeOffset.UnixEpoch });
                }
            }

            if (!path.EndsWith('/'))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path.Trim('/')) { Mode = (UnixFileMode)mode, DataStream = new MemoryStream(content), ModificationTime = DateTimeOffset.UnixEpoch });
            }
        }
    });

    /// <summary>A layer with what the action writes.</summary>
    public ImageBuilder WithLayer(Action<TarWriter> write)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            write(tar);
        }

        return WithArchive(archive.ToArray());
    }

    /// <summary>A layer of all that is in a folder of this machine, with owners, modes and links as they are there.</summary>
    public ImageBuilder WithFolder(string folder) => WithLayer(tar =>
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Order(StringComparer.Ordinal))
        {
            tar.WriteEntry(path, Path.GetRelativePath(folder, path));
        }
    });

    /// <summary>A layer that is this tar archive.</summary>
    /// <param name="compression"><c>gzip</c>, <c>zstd</c> (compressed already, with its diff id given) or empty for none.</param>
    public ImageBuilder WithArchive(byte[] tar, string compression = "gzip", byte[]? compressed = null)
    {
        var blob = compressed ?? (compression == "gzip" ? Gzip(tar) : tar);
        _layers.Add((blob, Digest(tar), "application/vnd.oci.image.layer.v1.tar" + (compression.Length > 0 ? "+" + compression : "")));
        return this;
    }

    public BuiltImage Build()
    {
        var config = new JsonObject
        {
            ["architecture"] = _architecture,
            ["os"] = _os,
            ["config"] = _config.DeepClone(),
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. _layers.Select(l => (JsonNode)l.DiffId)]) },
        };
        return Assemble(Bytes(config), "application/vnd.oci.image.config.v1+json", [.. _layers.Select(l => (l.Blob, l.MediaType))]);
    }

    /// <summary>An artifact of one module, as the CNCF has it.</summary>
    public static BuiltImage BuildModule(byte[] module, string mediaType = "application/wasm") =>
        Assemble("""{"architecture":"wasm","os":"wasip1"}"""u8.ToArray(), "application/vnd.wasm.config.v0+json", [(module, mediaType)]);

    /// <summary>An index of images for several platforms.</summary>
    public static BuiltImage BuildIndex(params (string Os, string Architecture, BuiltImage Image)[] images)
    {
        var index = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.index.v1+json",
            ["manifests"] = new JsonArray([.. images.Select(i => (JsonNode)new JsonObject
            {
                ["mediaType"] = i.Image.MediaType,
                ["digest"] = i.Image.Digest,
                ["size"] = i.Image.Blobs[i.Image.Digest].Length,
                ["platform"] = new JsonObject { ["os"] = i.Os, ["architecture"] = i.Architecture },
            })]),
        });
        var blobs = images.SelectMany(i => i.Image.Blobs).DistinctBy(b => b.Key).ToDictionary(b => b.Key, b => b.Value, StringComparer.Ordinal);
        blobs[Digest(index)] = index;
        return new(blobs, Digest(index), "application/vnd.oci.image.index.v1+json") { ConfigDigest = images[0].Image.ConfigDigest };
    }

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static BuiltImage Assemble(byte[] config, string configType, IReadOnlyList<(byte[] Blob, string MediaType)> layers)
    {
        JsonObject Pointer(byte[] blob, string type) => new() { ["mediaType"] = type, ["digest"] = Digest(blob), ["size"] = blob.Length };
        var manifest = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Pointer(config, configType),
            ["layers"] = new JsonArray([.. layers.Select(l => (JsonNode)Pointer(l.Blob, l.MediaType))]),
        });
        var blobs = layers.Select(l => l.Blob).Append(config).Append(manifest).DistinctBy(Digest).ToDictionary(Digest, StringComparer.Ordinal);
        return new(blobs, Digest(manifest), "application/vnd.oci.image.manifest.v1+json") { ConfigDigest = Digest(config) };
    }

    private static byte[] Gzip(byte[] content)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return compressed.ToArray();
    }

    private static JsonArray List(string[] words) => [.. words.Select(w => (JsonNode)w)];

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images.Layers;
using Harmony.Platform;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

/// <summary>Reads an OCI image layout or what <c>docker save</c> writes, from a tar archive, into the content store.</summary>
internal sealed class ImageArchive(ContentStore content)
{
    private const int LargestDocument = 4 * 1024 * 1024;
    private const int MostFiles = 100_000;
    private const string BlobFolder = "blobs/sha256/";

    // Files of docker's older format, by their path in the archive; and its links to layers of other images.
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _documents = new(StringComparer.Ordinal);

    /// <summary>Names and what they name: the digest of a manifest or index.</summary>
    /// <exception cref="FormatException">It is no such archive, or hostile.</exception>
    public async Task<IReadOnlyList<(string Name, string Digest)>> ReadAsync(Stream archive, CancellationToken cancellation)
    {
        using var stream = LayerStream.Open(archive, LayerStore.Largest * 4);
        var reader = new TarReader(stream);
        for (var count = 0; reader.Next() is { } entry; count++)
        {
            if (count > MostFiles)
            {
                throw new FormatException($"the archive holds more than {MostFiles} files");
            }

            await TakeAsync(entry, reader, cancellation);
        }

        var named = _documents.TryGetValue("index.json", out var index) ? ReadIndex(index) : [];
        return named.Count > 0 || !_documents.TryGetValue("manifest.json", out var manifest)
            ? named.Count > 0 || index is not null ? named : throw new FormatException("the archive is no image: it has neither index.json nor manifest.json")
            : ReadDockerManifest(manifest);
    }

    private async Task TakeAsync(TarEntry entry, TarReader reader, CancellationToken cancellation)
    {
        var path = Normalise(entry.Name);
        if (entry.Type is '2' or '1')
        {
            _links[path] = Normalise(entry.Type == '1' ? entry.Target : Path.Join(Path.GetDirectoryName(path), entry.Target));
        }
        else if (entry.Type == '0' && path is "index.json" or "manifest.json")
        {
            _documents[path] = ReadAll(entry, reader);
        }
        else if (entry.Type == '0' && path is not ("oci-layout" or "repositories"))
        {
            var digest = path.StartsWith(BlobFolder, StringComparison.Ordinal) ? "sha256:" + path[BlobFolder.Length..] : null;
            if (digest is not null && !Descriptor.IsDigest(digest))
            {
                throw new FormatException($"the archive holds a blob with the name '{path}'");
            }

            _files[path] = await content.AddAsync(new EntryStream(reader), digest, cancellation);
        }
    }

    /// <summary>The names in an index: containerd's annotation, else the standard's where it is a whole reference.</summary>
    private static List<(string Name, string Digest)> ReadIndex(byte[] document)
    {
        var named = new List<(string, string)>();
        foreach (var entry in Manifest.ReadIndex(document) ?? throw new FormatException("index.json is no index"))
        {
            var name = entry.Annotations.GetValueOrDefault("io.containerd.image.name") ?? entry.Annotations.GetValueOrDefault("org.opencontainers.image.ref.name");
            if (name is not null && ImageReference.TryParse(name).Reference is { } reference)
            {
                named.Add((reference.ToString(), entry.Digest));
            }
        }

        return named;
    }

    private List<(string Name, string Digest)> ReadDockerManifest(byte[] document)
    {
        JsonArray images;
        try
        {
            images = JsonNode.Parse(document, documentOptions: new JsonDocumentOptions { MaxDepth = 16 }) as JsonArray ?? throw new FormatException("manifest.json is no list");
        }
        catch (JsonException e)
        {
            throw new FormatException($"manifest.json is no JSON: {e.Message}", e);
        }

        var named = new List<(string, string)>();
        foreach (var image in images.OfType<JsonObject>())
        {
            var manifest = new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciManifest,
                ["config"] = Pointer("application/vnd.oci.image.config.v1+json", (string?)image["Config"] ?? ""),
                ["layers"] = new JsonArray([.. (image["Layers"] as JsonArray ?? []).Select(l => (JsonNode)Pointer("application/vnd.oci.image.layer.v1.tar", (string?)l ?? ""))]),
            };
            var digest = content.Add(Encoding.UTF8.GetBytes(manifest.ToJsonString()));
            foreach (var tag in image["RepoTags"] as JsonArray ?? [])
            {
                if (ImageReference.TryParse((string?)tag ?? "").Reference is { } reference)
                {
                    named.Add((reference.ToString(), digest));
                }
            }
        }

        return named;
    }

    private JsonObject Pointer(string mediaType, string path)
    {
        var target = Normalise(path);
        for (var links = 0; links < 8 && _links.TryGetValue(target, out var next); links++)
        {
            target = next;
        }

        return _files.TryGetValue(target, out var digest)
            ? new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = Disk.Size(content.PathOf(digest)) }
            : throw new FormatException($"the archive does not hold '{path}', which its manifest names");
    }

    /// <summary>Only a key: no file is made under this name.</summary>
    private static string Normalise(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', '\\').Where(p => p is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    private static byte[] ReadAll(TarEntry entry, TarReader reader)
    {
        if (entry.Size > LargestDocument)
        {
            throw new FormatException($"'{entry.Name}' is larger than {LargestDocument} bytes");
        }

        var document = new byte[entry.Size];
        for (var filled = 0; filled < document.Length;)
        {
            filled += reader.Read(document.AsSpan(filled));
        }

        return document;
    }

    /// <summary>The content of the present member.</summary>
    private sealed class EntryStream(TarReader reader) : SequentialStream
    {
        public override bool CanRead => true;

        public override int Read(Span<byte> buffer) => reader.Read(buffer);
    }
}

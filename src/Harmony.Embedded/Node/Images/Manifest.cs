using System.Text.Json;

namespace Harmony.Embedded.Node.Images;

/// <summary>An image manifest: its config and its layers, lowest first.</summary>
internal sealed record Manifest(string Digest, Descriptor Config, IReadOnlyList<Descriptor> Layers)
{
    /// <summary>The largest manifest or index: bytes, as registries have it.</summary>
    public const int Largest = 4 * 1024 * 1024;

    /// <summary>More lower layers the kernel's overlayfs does not take.</summary>
    public const int MostLayers = 500;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>Whether it is an artifact of one WebAssembly module.</summary>
    public Descriptor? Module => Layers.FirstOrDefault(l => MediaTypes.IsModule(l.MediaType));

    /// <summary>The entries of an index; null where the document is a manifest.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static IReadOnlyList<Descriptor>? ReadIndex(byte[] document)
    {
        using var json = ReadJson(document);
        return json.RootElement.TryGetProperty("manifests", out var manifests) && manifests.ValueKind == JsonValueKind.Array
            ? [.. manifests.EnumerateArray().Select(Descriptor.Read)]
            : null;
    }

    /// <exception cref="FormatException">It is malformed.</exception>
    public static Manifest Read(string digest, byte[] document)
    {
        using var json = ReadJson(document);
        var root = json.RootElement;
        if (root.TryGetProperty("schemaVersion", out var version) && version.TryGetInt32(out var number) && number == 1)
        {
            throw new FormatException("it is a manifest of schema 1, which registries gave up in 2020: push the image again");
        }

        if (!root.TryGetProperty("config", out var config) || !root.TryGetProperty("layers", out var layers) || layers.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("the manifest names no config or no layers");
        }

        if (layers.GetArrayLength() > MostLayers)
        {
            throw new FormatException($"the image has more than {MostLayers} layers");
        }

        return new(digest, Descriptor.Read(config), [.. layers.EnumerateArray().Select(Descriptor.Read)]);
    }

    /// <summary>Parses a document of limited depth that is an object.</summary>
    public static JsonDocument ReadJson(byte[] document)
    {
        try
        {
            var json = JsonDocument.Parse(document, Options);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new FormatException("it is no JSON object");
        }
        catch (JsonException e)
        {
            throw new FormatException($"it is no JSON: {e.Message}", e);
        }
    }
}

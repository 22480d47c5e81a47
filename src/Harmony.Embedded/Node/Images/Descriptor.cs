using System.Text.Json;
using System.Text.RegularExpressions;

namespace Harmony.Embedded.Node.Images;

/// <summary>OCI's pointer to a piece of content.</summary>
internal sealed partial record Descriptor(string? MediaType, string Digest, long Size)
{
    /// <summary>No blob is larger: bytes.</summary>
    public const long LargestBlob = 64L << 30;

    /// <summary>os/architecture[/variant] of an entry of an index.</summary>
    public ImagePlatform? Platform { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The hash without <c>sha256:</c>.</summary>
    public string Hash => Digest["sha256:".Length..];

    public static bool IsDigest(string? text) => text is not null && DigestFormat().IsMatch(text);

    /// <exception cref="FormatException">It is malformed.</exception>
    public static Descriptor Read(JsonElement json)
    {
        var digest = Text(json, "digest");
        if (!IsDigest(digest))
        {
            throw new FormatException($"\"{digest}\" is no sha256 digest");
        }

        if (!json.TryGetProperty("size", out var size) || !size.TryGetInt64(out var bytes) || bytes is < 0 or > LargestBlob)
        {
            throw new FormatException($"{digest} has no valid size");
        }

        return new(Text(json, "mediaType"), digest!, bytes)
        {
            Platform = json.TryGetProperty("platform", out var platform) && platform.ValueKind == JsonValueKind.Object ? ImagePlatform.Read(platform) : null,
            Annotations = json.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object
                ? annotations.EnumerateObject().Where(a => a.Value.ValueKind == JsonValueKind.String).DistinctBy(a => a.Name).ToDictionary(a => a.Name, a => a.Value.GetString()!, StringComparer.Ordinal)
                : new Dictionary<string, string>(StringComparer.Ordinal),
        };
    }

    public static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"^sha256:[a-f0-9]{64}\z", RegexOptions.None, 1000)]
    private static partial Regex DigestFormat();
}

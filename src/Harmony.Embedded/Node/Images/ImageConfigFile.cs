using System.Text.Json;

namespace Harmony.Embedded.Node.Images;

/// <summary>The config blob of an image: its platform, its layers' uncompressed digests, and how to run it.</summary>
internal sealed record ImageConfigFile(ImagePlatform Platform, IReadOnlyList<string> DiffIds, ImageConfig Config)
{
    /// <summary>Bytes.</summary>
    public const int Largest = 8 * 1024 * 1024;

    /// <exception cref="FormatException">It is malformed.</exception>
    public static ImageConfigFile Read(byte[] document)
    {
        using var json = Manifest.ReadJson(document);
        var root = json.RootElement;
        var diffIds = root.TryGetProperty("rootfs", out var rootfs) ? Texts(rootfs, "diff_ids") : [];
        if (diffIds.FirstOrDefault(d => !Descriptor.IsDigest(d)) is { } bad)
        {
            throw new FormatException($"\"{bad}\" is no sha256 digest");
        }

        var config = root.TryGetProperty("config", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : default;
        return new(ImagePlatform.Read(root), diffIds, new ImageConfig
        {
            Entrypoint = Texts(config, "Entrypoint"),
            Command = Texts(config, "Cmd"),
            Environment = Texts(config, "Env"),
            WorkingFolder = Descriptor.Text(config, "WorkingDir") is { Length: > 0 } folder ? folder : null,
            User = Descriptor.Text(config, "User") ?? "",
            StopSignal = Descriptor.Text(config, "StopSignal") is { Length: > 0 } signal ? signal : null,
            Volumes = Keys(config, "Volumes"),
            ExposedPorts = Keys(config, "ExposedPorts"),
        });
    }

    /// <summary>
    /// The identity of each layer on top of those below it: what OCI calls the chain ID.
    /// </summary>
    public IReadOnlyList<string> ChainIds()
    {
        var chain = new List<string>(DiffIds.Count);
        foreach (var diff in DiffIds)
        {
            chain.Add(chain.Count == 0 ? diff : "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes($"{chain[^1]} {diff}"))));
        }

        return chain;
    }

    private static IReadOnlyList<string> Texts(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(i => i.ValueKind == JsonValueKind.String ? i.GetString()! : throw new FormatException($"{name} holds what is no text"))]
            : [];

    private static IReadOnlyList<string> Keys(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var map) && map.ValueKind == JsonValueKind.Object
            ? [.. map.EnumerateObject().Select(p => p.Name)]
            : [];
}

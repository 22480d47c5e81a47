using System.Text.Json;
using Harmony.Platform.Files;

namespace Harmony.Runtimes.Embedded;

/// <summary>Where the process serves, as it wrote it into <c>endpoint.json</c>.</summary>
/// <param name="Version">The Kubernetes version, such as <c>v1.36.2</c>.</param>
internal sealed record EmbeddedEndpoint(int ProcessId, Uri Url, string? Version)
{
    /// <summary>Null where there is no such file, or one that cannot be meant: only loopback is.</summary>
    public static EmbeddedEndpoint? Read(string path)
    {
        if (Disk.ReadTextIfPresent(path) is not { } text)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            return root.GetProperty("pid").TryGetInt32(out var pid)
                && Uri.TryCreate(root.GetProperty("url").GetString(), UriKind.Absolute, out var url)
                && url is { Scheme: "https", IsLoopback: true }
                ? new(pid, url, root.TryGetProperty("version", out var version) ? version.GetString() : null)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}

namespace Harmony.Embedded.Api.Http;

/// <summary>What a path such as <c>/apis/apps/v1/namespaces/x/deployments/web/scale</c> names.</summary>
/// <param name="Namespace">Null where the path has none.</param>
/// <param name="Name">Null for a collection.</param>
/// <param name="Rest">What follows a subresource (<c>proxy</c> takes a path); empty otherwise.</param>
public sealed record ResourcePath(string Group, string Version, string Plural, string? Namespace, string? Name, string? Subresource, string Rest)
{
    /// <summary>Reads the path's segments; null where it names no resource (discovery paths are not read here).</summary>
    public static ResourcePath? Parse(ReadOnlySpan<string> segments)
    {
        string group;
        string version;
        if (segments is ["api", var core, ..])
        {
            (group, version) = ("", core);
            segments = segments[2..];
        }
        else if (segments is ["apis", var named, var number, ..])
        {
            (group, version) = (named, number);
            segments = segments[3..];
        }
        else
        {
            return null;
        }

        // /namespaces/x and its subresources are the namespace itself; all longer paths lie in it.
        if (segments is ["namespaces", var ns, var plural, ..] && !(segments.Length == 3 && plural is "status" or "finalize"))
        {
            return Of(group, version, ns, segments[2..]);
        }

        return segments.Length == 0 ? null : Of(group, version, null, segments);
    }

    private static ResourcePath Of(string group, string version, string? ns, ReadOnlySpan<string> segments) => new(
        group, version, segments[0], ns,
        segments.Length > 1 ? segments[1] : null,
        segments.Length > 2 ? segments[2] : null,
        segments.Length > 3 ? string.Join('/', segments[3..].ToArray()) : "");
}

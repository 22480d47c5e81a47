using System.Net;
using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Transport;

/// <summary>What the API answered to a request that it took.</summary>
/// <param name="Code">A success.</param>
/// <param name="Body">Empty where there was none.</param>
/// <param name="Warnings">The texts of the Warning headers.</param>
/// <param name="Date">The server's clock.</param>
internal sealed record ApiAnswer(HttpStatusCode Code, JsonObject Body, IReadOnlyList<string> Warnings, DateTimeOffset? Date);

using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Transport;

/// <summary>Puts what went wrong with a request into plain words.</summary>
internal static class ApiErrors
{
    public static string Sentence(string doing) => char.ToUpperInvariant(doing[0]) + doing[1..];

    public static KubernetesException Refused(string doing, int httpStatus, JsonObject? status, string context, Exception? inner = null)
    {
        status = status.At("kind").AsText() == "Status" ? status : null;
        var reason = status?.Text("reason") ?? "";
        var words = status?.Text("message") is { Length: > 0 } message ? message.TrimEnd('.') : $"the API answered with HTTP status {httpStatus}";
        var (code, hint) = (httpStatus, reason) switch
        {
            (401, _) => (KubernetesError.Unauthorized, $"The credentials of the context '{context}' are not accepted: log in to the cluster again, or choose another context."),
            (403, _) => (KubernetesError.Forbidden, $"The user of the context '{context}' may not do this: ask the cluster's administrator, or choose another context."),
            (404, _) => (KubernetesError.NotFound, null),
            (409, "AlreadyExists") => (KubernetesError.AlreadyExists, null),
            (409, _) => (KubernetesError.Conflict, null),
            (400 or 422, _) => (KubernetesError.Invalid, null),
            (504, _) or (_, "Timeout") => (KubernetesError.TimedOut, "The cluster is slow to answer: try again."),
            (429 or 503, _) => (KubernetesError.Failed, "The cluster is busy or still starting: try again in a moment."),
            _ => (KubernetesError.Failed, (string?)null),
        };
        return new(code, $"{Sentence(doing)} was refused: {words}.", hint, inner) { HttpStatus = httpStatus, Status = status };
    }

    public static KubernetesException Unreachable(string doing, Uri address, string context, Exception e)
    {
        if (e is OperationCanceledException or TimeoutException)
        {
            return new(KubernetesError.TimedOut, $"{Sentence(doing)}: the API at {address} did not answer in time.", "See whether the cluster is overloaded, or its machine asleep.", e);
        }

        var cause = Causes(e).ToList();
        if (cause.OfType<AuthenticationException>().Any())
        {
            return new(
                KubernetesError.Unreachable,
                $"{Sentence(doing)}: the certificate of the API at {address} is not trusted.",
                $"The kubeconfig's context '{context}' may be of an earlier installation of the cluster: fetch it anew.",
                e);
        }

        var words = cause.OfType<SocketException>().FirstOrDefault()?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "nothing listens there",
            SocketError.HostNotFound or SocketError.NoData => "its name is not known",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no way to it",
            SocketError.ConnectionReset => "it broke the connection",
            _ => cause[^1].Message.TrimEnd('.'),
        };
        return new(KubernetesError.Unreachable, $"{Sentence(doing)}: the API at {address} cannot be reached: {words}.", "See whether the cluster runs: harmony runtime status.", e);
    }

    private static IEnumerable<Exception> Causes(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}

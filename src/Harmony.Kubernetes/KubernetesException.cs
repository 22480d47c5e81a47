using System.Text.Json.Nodes;
using Harmony.Platform;

namespace Harmony.Kubernetes;

public enum KubernetesError
{
    /// <summary>The kubeconfig is missing, malformed, or lacks the context.</summary>
    Kubeconfig,

    /// <summary>The API does not answer.</summary>
    Unreachable,

    /// <summary>The API does not accept the credentials (401).</summary>
    Unauthorized,

    /// <summary>The API refuses what is asked (403).</summary>
    Forbidden,
    NotFound,
    Conflict,
    AlreadyExists,

    /// <summary>The object is not valid (400, 422).</summary>
    Invalid,

    /// <summary>The cluster does not know the kind.</summary>
    UnknownKind,
    TimedOut,

    /// <summary>Any other answer.</summary>
    Failed,
}

/// <summary>The Kubernetes API could not be reached, or refused a request.</summary>
public sealed class KubernetesException(KubernetesError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public KubernetesError Code { get; } = code;

    /// <summary>The HTTP status; 0 where there was no answer.</summary>
    public int HttpStatus { get; init; }

    /// <summary>The server's metav1.Status; null where it sent none.</summary>
    public JsonObject? Status { get; init; }

    public override string CodeName => Code.ToString();

    public override int ExitCode => Code switch
    {
        KubernetesError.TimedOut => 4,
        KubernetesError.Kubeconfig => 2,
        _ => 1,
    };
}

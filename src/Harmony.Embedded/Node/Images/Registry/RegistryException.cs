namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>A registry did not give what it was asked for; the message is in containerd's words.</summary>
internal sealed class RegistryException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>There is no such image: gRPC's NotFound.</summary>
    public bool IsNotFound { get; init; }

    /// <summary>Who was asked wants other credentials.</summary>
    public bool IsUnauthorized { get; init; }

    /// <summary>The connection failed in a way that may pass.</summary>
    public bool IsTransient { get; init; }

    /// <summary>What answers there does not speak this protocol (TLS or none).</summary>
    public bool IsWrongProtocol { get; init; }
}

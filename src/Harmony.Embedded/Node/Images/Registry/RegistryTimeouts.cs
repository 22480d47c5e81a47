namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>How long a registry may keep us waiting.</summary>
/// <param name="Connect">For the connection and its TLS handshake.</param>
/// <param name="Answer">From the request to the answer's header fields.</param>
/// <param name="Stall">Between two pieces of a body.</param>
/// <param name="Pause">Before the second try; doubled for each one more.</param>
internal sealed record RegistryTimeouts(TimeSpan Connect, TimeSpan Answer, TimeSpan Stall, TimeSpan Pause)
{
    public static RegistryTimeouts Default { get; } = new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45), TimeSpan.FromSeconds(45), TimeSpan.FromSeconds(1));
}

namespace Harmony.Runtimes.Embedded;

/// <summary>How long the provider waits for its process.</summary>
public sealed record EmbeddedSettings
{
    /// <summary>From its start until its node is Ready.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From the request to end until it is killed: pods have thirty seconds to end by themselves.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>For removing what a killed process left.</summary>
    public TimeSpan CleanTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

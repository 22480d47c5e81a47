namespace Harmony.Runtimes.Embedded;

/// <summary>What the provider asks of the machine, and how long it waits for its process.</summary>
public sealed record EmbeddedSettings
{
    /// <summary>From its start until its node is Ready.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From the request to end until it is killed: pods have thirty seconds to end by themselves.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>For removing what a killed process left.</summary>
    public TimeSpan CleanTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes that must be free on the disk of its data: with less, its database could not take the next write.</summary>
    public long LeastFreeSpace { get; init; } = 32L * 1024 * 1024;
}

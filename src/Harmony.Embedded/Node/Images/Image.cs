namespace Harmony.Embedded.Node.Images;

/// <summary>An image on this node.</summary>
/// <param name="Id">The config's digest, <c>sha256:…</c>.</param>
/// <param name="Reference">The full name it was asked for by, such as <c>docker.io/library/redis:7</c>.</param>
/// <param name="Digest">The manifest's digest, <c>sha256:…</c>, for <c>status.imageID</c>.</param>
/// <param name="Config">What the image says about running it.</param>
/// <param name="Size">Bytes on disk of the unpacked layers.</param>
public sealed record Image(string Id, string Reference, string Digest, ImageConfig Config, long Size)
{
    /// <summary>All names it is known by here, for the node's status.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}

/// <summary>The OCI image config's <c>config</c> object.</summary>
public sealed record ImageConfig
{
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary><c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public string? WorkingFolder { get; init; }

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>; empty for root.</summary>
    public string User { get; init; } = "";

    public string? StopSignal { get; init; }

    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary><c>8080/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];
}

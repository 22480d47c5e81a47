using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes;

/// <summary>
/// A cluster's API, on JSON trees. Resources are found by kind through discovery, which is asked once and again when a kind is unknown.
/// Every call is bounded in time and repeated where that is safe (connection lost, 429, 503).
/// </summary>
public interface IKubernetesApi : IAsyncDisposable
{
    /// <summary>The API's address, for messages.</summary>
    Uri Address { get; }

    /// <summary>The server's version, such as <c>v1.36.2</c>.</summary>
    Task<string> GetVersionAsync(CancellationToken cancellation);

    /// <summary>How the cluster serves this kind, in its preferred version where the kind's version is empty; null where it does not.</summary>
    Task<ResourceDescription?> FindResourceAsync(GroupVersionKind kind, CancellationToken cancellation);

    /// <summary>The object, or null where there is none.</summary>
    Task<JsonObject?> GetAsync(GroupVersionKind kind, string? ns, string name, CancellationToken cancellation);

    /// <summary>All objects of a namespace (all namespaces where null), page by page; <see cref="KubernetesList.ResourceVersion"/> serves to watch from.</summary>
    Task<KubernetesList> ListAsync(GroupVersionKind kind, string? ns, string? labelSelector, CancellationToken cancellation);

    Task<JsonObject> CreateAsync(JsonObject obj, CancellationToken cancellation);

    /// <summary>Server-side apply with field manager <c>harmony</c>, forced.</summary>
    Task<ApplyResult> ApplyAsync(JsonObject obj, bool dryRun, CancellationToken cancellation);

    /// <summary>A JSON merge patch.</summary>
    Task<JsonObject> PatchAsync(GroupVersionKind kind, string? ns, string name, JsonObject patch, CancellationToken cancellation);

    /// <summary>Deletes; returns false where there was nothing. <paramref name="propagation"/> is <c>Background</c>, <c>Foreground</c> or <c>Orphan</c>.</summary>
    Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, CancellationToken cancellation);

    /// <summary>Deletes only the very object with this uid; returns false where it is gone, or another has taken its name.</summary>
    Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, string? uid, CancellationToken cancellation) =>
        DeleteAsync(kind, ns, name, propagation, cancellation);

    /// <summary>
    /// First every object there is, then every change, until cancelled: it lists again after an expired version (410), reconnects after a lost
    /// connection or a restart of the server, and reports then as deleted what vanished meanwhile.
    /// </summary>
    IAsyncEnumerable<KubernetesEvent> WatchAsync(GroupVersionKind kind, string? ns, string? labelSelector, CancellationToken cancellation);

    /// <summary>A container's log as lines of text; follows until the container ends where asked.</summary>
    IAsyncEnumerable<string> ReadLogAsync(string ns, string pod, LogOptions options, CancellationToken cancellation);

    /// <summary>Runs a command in a container and returns its exit code.</summary>
    Task<int> ExecAsync(string ns, string pod, ExecOptions options, CancellationToken cancellation);

    /// <summary>Opens one connection to a port of a pod.</summary>
    Task<Stream> PortForwardAsync(string ns, string pod, int port, CancellationToken cancellation);
}

/// <summary>How a cluster serves a kind.</summary>
public sealed record ResourceDescription(GroupVersionKind Kind, string Plural, bool Namespaced, IReadOnlyList<string> Verbs);

public sealed record KubernetesList(IReadOnlyList<JsonObject> Items, string ResourceVersion);

public enum KubernetesEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>All objects that were there at the start have been reported; <see cref="KubernetesEvent.Object"/> is empty.</summary>
    Synced,
}

public sealed record KubernetesEvent(KubernetesEventType Type, JsonObject Object);

public enum ApplyOutcome
{
    Created,
    Configured,
    Unchanged,
}

/// <summary>What an apply did, and the object as the server has it.</summary>
public sealed record ApplyResult(ApplyOutcome Outcome, JsonObject Object)
{
    /// <summary>The server's warnings: deprecated versions, unknown fields.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

public sealed record LogOptions
{
    public string? Container { get; init; }

    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public DateTimeOffset? Since { get; init; }

    public long? TailLines { get; init; }
}

public sealed record ExecOptions(IReadOnlyList<string> Command)
{
    public string? Container { get; init; }

    public Stream? Input { get; init; }

    public Stream? Output { get; init; }

    public Stream? Error { get; init; }

    public bool Tty { get; init; }

    /// <summary>New sizes of the terminal, as columns and rows.</summary>
    public IAsyncEnumerable<(ushort Columns, ushort Rows)>? Resizes { get; init; }
}

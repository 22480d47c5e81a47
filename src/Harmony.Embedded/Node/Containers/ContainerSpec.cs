using System.Net;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Everything a container runtime needs to start one container: all references resolved, all volumes on disk.</summary>
public sealed record ContainerSpec
{
    /// <summary>Unique on this node: 64 hexadecimal digits, as containerd's.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string PodName { get; init; }

    public required string PodNamespace { get; init; }

    public required string PodUid { get; init; }

    /// <summary>How often this container of this pod was started before.</summary>
    public required int RestartCount { get; init; }

    public required Image Image { get; init; }

    /// <summary>A folder of this container's own, for the runtime's bundle; <c>rootfs</c> in it is the mounted image, where it has one.</summary>
    public required string Folder { get; init; }

    /// <summary>Program and arguments: the pod's command and args, else the image's, with <c>$(VAR)</c> expanded.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=value</c>, the image's first.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public string? WorkingFolder { get; init; }

    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    /// <summary>The container of the pod's spec (v1.Container): resources, securityContext, ports, tty, stdin…</summary>
    public required JsonObject Container { get; init; }

    /// <summary>The pod's spec (v1.PodSpec): securityContext, hostNetwork, hostPID…</summary>
    public required JsonObject PodSpec { get; init; }

    public required string HostName { get; init; }

    public required IPAddress PodAddress { get; init; }

    /// <summary>The pod's network namespace; null for host network and for containers in this process.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>The CRI log file: <c>…/pods/{ns}_{pod}_{uid}/{container}/{restarts}.log</c>, lines of <c>time stream F|P text</c>.</summary>
    public required string LogPath { get; init; }
}

/// <summary>A file or folder of the host inside a container.</summary>
public sealed record ContainerMount(string HostPath, string ContainerPath, bool ReadOnly)
{
    /// <summary><c>None</c>, <c>HostToContainer</c> or <c>Bidirectional</c>.</summary>
    public string Propagation { get; init; } = "None";

    /// <summary>A tmpfs of this many bytes instead of a bind (<c>emptyDir.medium: Memory</c>); null for a bind, 0 for no limit.</summary>
    public long? MemoryBytes { get; init; }
}

/// <summary>How a container ended.</summary>
/// <param name="ExitCode">0–255; 128 + N for signal N.</param>
/// <param name="Reason"><c>Completed</c>, <c>Error</c>, <c>OOMKilled</c>, or <c>ContainerStatusUnknown</c> where the exit code was lost.</param>
public sealed record ContainerExit(int ExitCode, string Reason, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string? Message = null);

/// <summary>A container found on the node.</summary>
/// <param name="Exit">Null while it runs.</param>
public sealed record ContainerRecord(string Id, string PodUid, string Name, int RestartCount, DateTimeOffset StartedAt, ContainerExit? Exit);

/// <summary>A command to run in a container, or an attachment to it, with its streams. A null stream is not wanted.</summary>
public sealed record ExecRequest(IReadOnlyList<string> Command)
{
    public Stream? Input { get; init; }

    public Stream? Output { get; init; }

    public Stream? Error { get; init; }

    public bool Tty { get; init; }

    /// <summary>New sizes of the client's terminal, as columns and rows.</summary>
    public IAsyncEnumerable<(ushort Columns, ushort Rows)>? Resizes { get; init; }
}

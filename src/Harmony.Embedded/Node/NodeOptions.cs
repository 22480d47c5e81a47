using Harmony.Embedded.Network;

namespace Harmony.Embedded.Node;

/// <summary>What the node is told when it is made.</summary>
public sealed record NodeOptions
{
    /// <summary>The node's name in the cluster.</summary>
    public required string NodeName { get; init; }

    /// <summary>The embedded runtime's own folder.</summary>
    public required string DataFolder { get; init; }

    public required ClusterNetwork Network { get; init; }

    /// <summary>A machine's name as a node may have it: a DNS name in small letters.</summary>
    public static string NameOf(string machine)
    {
        var name = new string([.. machine.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-')]).Trim('-', '.');
        return name.Length > 0 ? name[..Math.Min(name.Length, 63)].Trim('-', '.') : "localhost";
    }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes a service account's token for a pod.</summary>
    public required Func<TokenRequest, string> IssueToken { get; init; }

    /// <summary>The Kubernetes version whose API is served, such as <c>v1.36.2</c>.</summary>
    public string KubernetesVersion { get; init; } = "v1.36.2";

    /// <summary>How much of a resource (<c>cpu</c>, <c>memory</c>, <c>ephemeral-storage</c>) the node has.</summary>
    public Func<string, decimal> Capacity { get; init; } = _ => 0;

    /// <summary>How long a container that ended is left alone before its first restart, doubled up to five minutes each time.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A token that a pod's projected volume asks for.</summary>
/// <param name="Audience">Null for the API itself.</param>
public sealed record TokenRequest(string Namespace, string ServiceAccount, string PodName, string PodUid, string? Audience, TimeSpan Lifetime);

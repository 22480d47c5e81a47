using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Network;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

/// <summary>A pod's <c>/etc/resolv.conf</c>, by its dnsPolicy and dnsConfig.</summary>
internal static class ResolverFile
{
    private const int MostSearches = 32;
    private const int MostServers = 3;

    public static string Of(JsonObject pod, ClusterNetwork network) => Of(pod, network, HostResolver());

    /// <param name="host">The host's own resolver file.</param>
    internal static string Of(JsonObject pod, ClusterNetwork network, string host)
    {
        var spec = pod["spec"];
        var policy = spec.At("dnsPolicy").AsText() ?? "ClusterFirst";
        var isHostNetwork = spec.At("hostNetwork").AsBool() == true;
        var lines = host.Split('\n').Select(l => l.Trim().Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 1).ToList();
        var hostServers = lines.Where(f => f[0] == "nameserver").Select(f => f[1]).ToList();
        var hostSearches = lines.LastOrDefault(f => f[0] is "search" or "domain")?.Skip(1).ToList() ?? [];

        List<string> servers = [];
        List<string> searches = [];
        var options = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && !isHostNetwork))
        {
            servers = [network.DnsAddress.ToString()];
            searches = [$"{pod.Namespace}.svc.{network.Domain}", $"svc.{network.Domain}", network.Domain, .. hostSearches];
            options["ndots"] = "5";
        }
        else if (policy != "None")
        {
            // A resolver on the host's loopback is out of a pod's reach; the cluster's asks it on the pod's behalf.
            servers = isHostNetwork ? hostServers : [.. hostServers.Where(s => !IPAddress.TryParse(s, out var a) || !IPAddress.IsLoopback(a))];
            servers = servers.Count > 0 ? servers : [network.DnsAddress.ToString()];
            searches = hostSearches;
        }

        servers = [.. spec.At("dnsConfig", "nameservers").Items().Select(s => s.AsText()!).Concat(servers).Distinct(StringComparer.Ordinal).Take(MostServers)];
        searches = [.. searches.Concat(spec.At("dnsConfig", "searches").Items().Select(s => s.AsText()!)).Distinct(StringComparer.Ordinal).Take(MostSearches)];
        foreach (var option in spec.At("dnsConfig", "options").Objects())
        {
            options[option.Text("name") ?? ""] = option.Text("value");
        }

        var text = new StringBuilder();
        if (searches.Count > 0)
        {
            text.Append("search ").AppendJoin(' ', searches).Append('\n');
        }

        foreach (var server in servers)
        {
            text.Append("nameserver ").Append(server).Append('\n');
        }

        if (options.Count > 0)
        {
            text.Append("options ").AppendJoin(' ', options.Select(o => o.Value is { Length: > 0 } value ? $"{o.Key}:{value}" : o.Key)).Append('\n');
        }

        return text.ToString();
    }

    private static string HostResolver() =>
        Disk.ReadTextIfPresent("/etc/resolv.conf") is { } text && !text.Contains("nameserver 127.0.0.53", StringComparison.Ordinal)
            ? text
            : Disk.ReadTextIfPresent("/run/systemd/resolve/resolv.conf") ?? "";
}

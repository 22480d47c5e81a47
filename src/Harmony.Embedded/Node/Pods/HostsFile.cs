using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

/// <summary>A pod's <c>/etc/hosts</c>, as the kubelet writes it.</summary>
internal static class HostsFile
{
    public static string Of(JsonObject pod, string hostName, IPAddress address, string domain)
    {
        var text = new StringBuilder();
        if (pod.At("spec", "hostNetwork").AsBool() == true)
        {
            text.Append("# Kubernetes-managed hosts file (host network).\n").Append(Disk.ReadTextIfPresent("/etc/hosts"));
        }
        else
        {
            text.Append("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n")
                .Append("fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n").Append(address);
            if (pod.At("spec", "subdomain").AsText() is { Length: > 0 } subdomain)
            {
                text.Append('\t').Append(hostName).Append('.').Append(subdomain).Append('.').Append(pod.Namespace).Append(".svc.").Append(domain);
            }

            text.Append('\t').Append(hostName).Append('\n');
        }

        var aliases = pod.At("spec", "hostAliases").Objects().ToList();
        if (aliases.Count > 0)
        {
            text.Append("\n# Entries added by HostAliases.\n");
            foreach (var alias in aliases)
            {
                text.Append(alias.Text("ip")).Append('\t').AppendJoin('\t', alias["hostnames"].Items().Select(h => h.AsText())).Append('\n');
            }
        }

        return text.ToString();
    }
}

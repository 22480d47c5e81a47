using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Embedded.Network.Services;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Network.HostPorts;

/// <summary>A port of the machine that a container asked for.</summary>
/// <param name="Address">The <c>hostIP</c>; null where the container names none.</param>
/// <param name="Target">Where the container listens.</param>
internal sealed record HostPort(IPAddress? Address, int Port, ProtocolType Protocol, IPEndPoint Target)
{
    /// <summary>Those of a pod that has an address and has not ended. Pods on the host's network have them by themselves.</summary>
    public static IReadOnlyList<HostPort> Of(JsonObject pod)
    {
        if (pod.At("status", "phase").AsText() is "Succeeded" or "Failed" || pod.At("spec", "hostNetwork").AsBool() == true
            || ServiceRecord.Address(pod.At("status", "podIP").AsText()) is not { } address)
        {
            return [];
        }

        return
        [
            .. pod.At("spec", "initContainers").Objects().Where(c => c.Text("restartPolicy") == "Always").Concat(pod.At("spec", "containers").Objects())
                .SelectMany(c => c["ports"].Objects())
                .Select(p => Read(p, address)).OfType<HostPort>().Distinct(),
        ];
    }

    private static HostPort? Read(JsonObject port, IPAddress pod)
    {
        var wanted = ServiceRecord.Address(port.Text("hostIP"));
        return port["hostPort"].AsInt() is > 0 and < 65536 and var number
            && port["containerPort"].AsInt() is > 0 and < 65536 and var target
            && ServiceRecord.Protocol(port.Text("protocol")) is { } protocol
                ? new(IPAddress.Any.Equals(wanted) ? null : wanted, number, protocol, new(pod, target))
                : null;
    }
}

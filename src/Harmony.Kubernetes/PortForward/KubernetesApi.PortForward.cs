using Harmony.Kubernetes.PortForward;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes;

public sealed partial class KubernetesApi
{
    public async Task<Stream> PortForwardAsync(string ns, string pod, int port, CancellationToken cancellation)
    {
        var request = new ApiRequest(HttpMethod.Get, PodPath(ns, pod, "portforward") + $"?ports={port}", $"connecting to port {port} of {ns}/{pod}");
        var socket = await connection.OpenSocketAsync(request, ["v4.channel.k8s.io"], cancellation);
        return new PortForwardStream(new(socket), request.Doing);
    }
}

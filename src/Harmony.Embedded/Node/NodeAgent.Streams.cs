using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Api;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Logs;
using Harmony.Embedded.Node.Pods;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node;

public sealed partial class NodeAgent
{
    public async Task WriteLogAsync(string ns, string pod, LogRequest request, Stream destination, CancellationToken cancellation)
    {
        var worker = Find(ns, pod);
        var container = Choose(worker.View, pod, request.Container);
        var restarts = container.RestartCount;
        if (request.Previous && --restarts < 0)
        {
            throw BadRequest($"previous terminated container \"{container.Name}\" in pod \"{pod}\" not found");
        }

        if (container.Id is null)
        {
            var why = container.WaitingReason is "ErrImagePull" or "ImagePullBackOff" ? "trying and failing to pull image" : container.WaitingReason ?? "ContainerCreating";
            throw BadRequest($"container \"{container.Name}\" in pod \"{pod}\" is waiting to start: {why}");
        }

        var path = Path.Combine(worker.View.LogFolder, container.Name, restarts.ToString(CultureInfo.InvariantCulture) + ".log");
        if (request.Previous && !Disk.FileExists(path))
        {
            throw BadRequest($"previous terminated container \"{container.Name}\" in pod \"{pod}\" not found");
        }

        bool IsOver() => request.Previous || worker.View.Containers.FirstOrDefault(c => c.Name == container.Name) is not { } now || now.RestartCount != container.RestartCount || !now.IsRunning;
        await new CriLogReader(options.Time).CopyAsync(path, request, IsOver, destination, cancellation);
    }

    public async Task<int> ExecAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation)
    {
        var (runtime, id) = Running(ns, pod, container);
        try
        {
            return await runtime.ExecAsync(id, request, cancellation);
        }
        catch (ContainerException e)
        {
            throw BadRequest(e.Message);
        }
    }

    public async Task AttachAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation)
    {
        var (runtime, id) = Running(ns, pod, container);
        try
        {
            await runtime.AttachAsync(id, request, cancellation);
        }
        catch (ContainerException e)
        {
            throw BadRequest(e.Message);
        }
    }

    public async Task<Stream> ConnectAsync(string ns, string pod, int port, CancellationToken cancellation)
    {
        var view = Find(ns, pod).View;
        if (view.Address is not { } address)
        {
            throw BadRequest($"unable to forward port because pod is not running. Current status=Pending");
        }

        SocketException? refused = null;
        IPAddress[] targets = view.NetworkNamespace is not null || view.IsHostNetwork ? [IPAddress.Loopback, address] : [address];
        foreach (var target in targets)
        {
            var socket = target.Equals(IPAddress.Loopback) && view.NetworkNamespace is { } path
                ? await PodSocket.CreateAsync(path)
                : new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.NoDelay = true;
                await socket.ConnectAsync(new IPEndPoint(target, port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                refused ??= e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new ApiException(
            500, "InternalError", $"failed to connect to localhost:{port} inside the pod \"{pod}\" of namespace \"{ns}\", IPv4: dial tcp4 127.0.0.1:{port}: {refused?.Message}");
    }

    private (IContainerRuntime Runtime, string Id) Running(string ns, string pod, string? name)
    {
        var view = Find(ns, pod).View;
        var container = Choose(view, pod, name);
        return container is { IsRunning: true, Id: { } id } && view.Runtime is { } runtime
            ? (runtime, id)
            : throw BadRequest($"container not found (\"{container.Name}\")");
    }

    private PodWorker Find(string ns, string pod)
    {
        var uid = cluster.Get(BuiltInResources.Pods, ns, pod)?.Uid ?? throw new ApiException(404, "NotFound", $"pods \"{pod}\" not found");
        return workers.GetValueOrDefault(uid) ?? throw BadRequest($"pod {pod} does not have a host assigned");
    }

    private static ContainerView Choose(PodView view, string pod, string? name)
    {
        name ??= view.DefaultContainer;
        if (name is not null)
        {
            return view.Containers.FirstOrDefault(c => c.Name == name) ?? throw BadRequest($"container {name} is not valid for pod {pod}");
        }

        var mains = view.Containers.Where(c => c.IsMain).ToList();
        return mains is [var only]
            ? only
            : throw BadRequest($"a container name must be specified for pod {pod}, choose one of: [{string.Join(' ', mains.Select(c => c.Name))}]");
    }

    private static ApiException BadRequest(string message) => new(400, "BadRequest", message);
}

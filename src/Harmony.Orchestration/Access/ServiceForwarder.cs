using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

/// <summary>
/// One published port: listens on this machine and carries each connection to a ready pod of the Service through the API's port-forward. It
/// follows the Service's endpoints, so replaced pods are found; while there are none, a new connection waits a little.
/// </summary>
internal sealed class ServiceForwarder(IKubernetesApi api, PublishedPort port, TimeProvider time, Action<string> log) : IAsyncDisposable
{
    private const int MostConnections = 1024;
    private static readonly TimeSpan EndpointPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(30);
    private static readonly GroupVersionKind Slices = new("discovery.k8s.io", "v1", "EndpointSlice");
    private static readonly GroupVersionKind Services = new("", "v1", "Service");

    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<string, JsonObject> slices = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim slots = new(MostConnections);
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<Target> targets = [];
    private TcpListener? listener;
    private Task running = Task.CompletedTask;
    private int turn;

    private sealed record Target(string Pod, int Port);

    /// <exception cref="SocketException">The local port cannot be listened on.</exception>
    public void Start()
    {
        listener = new TcpListener(IPAddress.Parse(port.Address), port.LocalPort);
        // Never with SocketOptionName.ReuseAddress: on Unix .NET takes that for SO_REUSEPORT too, and two programs would share the port.
        listener.Start();
        running = Task.WhenAll(AcceptAsync(listener, stop.Token), FollowAsync(stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (stop.IsCancellationRequested)
        {
            return;
        }

        await stop.CancelAsync();
        listener?.Stop();
        try
        {
            await running.WaitAsync(TimeSpan.FromSeconds(5), time, CancellationToken.None);
        }
        catch (Exception)
        {
            // Whichever way accepting and following were torn: they have ended.
        }

        // Connections that are just ending still release their slots.
        stop.Dispose();
    }

    /// <summary>Whatever a watch ends with, the port outlives it.</summary>
    private async Task FollowAsync(CancellationToken cancellation)
    {
        string? said = null;
        while (true)
        {
            try
            {
                await FollowOnceAsync(cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                // Once is enough: a stopped cluster would fill the log.
                if (said != e.Message)
                {
                    log($"{port.Service}: {e.Message}");
                }

                said = e.Message;
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private async Task FollowOnceAsync(CancellationToken cancellation)
    {
        string? portName = null;
        slices.Clear();
        await foreach (var change in api.WatchAsync(Slices, port.Namespace, $"kubernetes.io/service-name={port.Service}", cancellation))
        {
            if (change.Type == KubernetesEventType.Deleted)
            {
                slices.Remove(change.Object.Name);
            }
            else if (change.Type != KubernetesEventType.Synced)
            {
                slices[change.Object.Name] = change.Object;
                if (portName is null || !change.Object["ports"].Objects().Any(p => (p.Text("name") ?? "") == portName))
                {
                    // A changed Service may call its port by another name.
                    portName = await PortNameAsync(cancellation);
                }
            }

            targets = [.. slices.Values.SelectMany(s => TargetsOf(s, portName ?? ""))];
            Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private async Task<string> PortNameAsync(CancellationToken cancellation) =>
        (await api.GetAsync(Services, port.Namespace, port.Service, cancellation)).At("spec", "ports").Objects()
            .FirstOrDefault(p => p["port"].AsInt() == port.ServicePort)?.Text("name") ?? "";

    private static IEnumerable<Target> TargetsOf(JsonObject slice, string portName)
    {
        var number = slice["ports"].Objects().FirstOrDefault(p => (p.Text("name") ?? "") == portName)?["port"].AsInt();
        return number is null ? [] : slice["endpoints"].Objects()
            .Where(e => e.At("conditions", "ready").AsBool() ?? true)
            .Where(e => e.At("targetRef", "kind").AsText() == "Pod")
            .Select(e => new Target(e.At("targetRef", "name").AsText() ?? "", number.Value));
    }

    private async Task AcceptAsync(TcpListener accepting, CancellationToken cancellation)
    {
        while (true)
        {
            await slots.WaitAsync(cancellation);
            try
            {
                _ = CarryAsync(await accepting.AcceptSocketAsync(cancellation), cancellation);
            }
            catch (SocketException e) when (!cancellation.IsCancellationRequested)
            {
                // The client has gone already, or this process has too many files open: the next one may be luckier.
                slots.Release();
                log($"{port.Service}: {e.Message}");
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }

    private async Task CarryAsync(Socket client, CancellationToken cancellation)
    {
        try
        {
            client.NoDelay = true;
            await using var local = new NetworkStream(client, ownsSocket: true);
            if (await ConnectAsync(cancellation) is { } remote)
            {
                await using (remote)
                {
                    await Relay.RunAsync(local, remote, () => client.Shutdown(SocketShutdown.Send), Linger, time, cancellation);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or KubernetesException)
        {
            // The client or the pod has gone: its connection ends, the port stays.
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<Stream?> ConnectAsync(CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < EndpointPatience)
        {
            var change = changed.Task;
            if (targets is { Count: > 0 } present)
            {
                var target = present[(int)((uint)Interlocked.Increment(ref turn) % (uint)present.Count)];
                try
                {
                    return await api.PortForwardAsync(port.Namespace, target.Pod, target.Port, cancellation);
                }
                catch (KubernetesException e)
                {
                    log($"{port.Service}: pod {target.Pod}: {e.Message}");
                }
            }

            await Task.WhenAny(change, Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }

        log($"{port.Service}: a connection found no ready pod within {EndpointPatience.TotalSeconds:0} s");
        return null;
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>Watches, logs and ports.</summary>
internal sealed partial class FakeKubernetes
{
    private readonly List<Watcher> watchers = [];

    private sealed record Watcher(GroupVersionKind Kind, string? Namespace, LabelSelector? Selector, Channel<KubernetesEvent> Events);

    /// <summary>The logs of containers; one that is not here has none.</summary>
    public ConcurrentDictionary<(string Pod, string Container, bool Previous), FakeLog> Logs { get; } = new();

    /// <summary>Where the ports of pods really are on this machine.</summary>
    public ConcurrentDictionary<(string Pod, int Port), int> Ports { get; } = new();

    /// <summary>How many watches of a kind are open.</summary>
    public int Watching(string kind)
    {
        lock (gate)
        {
            return watchers.Count(w => w.Kind.Kind == kind);
        }
    }

    /// <summary>Ends the open watches of a kind: with this error, or as a server does that closes the connection.</summary>
    public void EndWatches(string kind, Exception? error = null)
    {
        lock (gate)
        {
            foreach (var watcher in watchers.Where(w => w.Kind.Kind == kind))
            {
                watcher.Events.Writer.TryComplete(error);
            }
        }
    }

    /// <summary>Lets the watches of a kind say once more that all there is has been told, as after an expired version.</summary>
    public void SyncAgain(string kind)
    {
        lock (gate)
        {
            foreach (var watcher in watchers.Where(w => w.Kind.Kind == kind))
            {
                watcher.Events.Writer.TryWrite(new(KubernetesEventType.Synced, []));
            }
        }
    }

    public async IAsyncEnumerable<KubernetesEvent> WatchAsync(GroupVersionKind kind, string? ns, string? labelSelector, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Ask("watch", kind, "", cancellation);
        var watcher = new Watcher(kind, ns, labelSelector is null ? null : LabelSelector.Parse(labelSelector), Channel.CreateUnbounded<KubernetesEvent>());
        lock (gate)
        {
            foreach (var obj in Matching(kind, ns, labelSelector))
            {
                watcher.Events.Writer.TryWrite(new(KubernetesEventType.Added, obj.DeepClone().AsObject()));
            }

            watcher.Events.Writer.TryWrite(new(KubernetesEventType.Synced, []));
            watchers.Add(watcher);
        }

        try
        {
            await foreach (var change in watcher.Events.Reader.ReadAllAsync(cancellation))
            {
                yield return change;
            }
        }
        finally
        {
            lock (gate)
            {
                watchers.Remove(watcher);
            }
        }
    }

    public async IAsyncEnumerable<string> ReadLogAsync(string ns, string pod, LogOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Requests.Enqueue($"log {pod}/{options.Container}");
        if (!Logs.TryGetValue((pod, options.Container ?? "", options.Previous), out var log))
        {
            throw new KubernetesException(KubernetesError.Invalid, $"container {options.Container} of {pod} has no log") { HttpStatus = 400 };
        }

        await foreach (var line in log.ReadAsync(options, cancellation))
        {
            yield return line;
        }
    }

    public async Task<Stream> PortForwardAsync(string ns, string pod, int port, CancellationToken cancellation)
    {
        Requests.Enqueue($"portforward {pod}:{port}");
        if (!Ports.TryGetValue((pod, port), out var real))
        {
            throw new KubernetesException(KubernetesError.NotFound, $"pod {pod} is not there");
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, real, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private void Tell(KubernetesEventType type, JsonObject obj)
    {
        foreach (var watcher in watchers.Where(w => w.Kind.Group == obj.GroupVersionKind.Group && w.Kind.Kind == obj.Kind
            && (w.Namespace is null || obj.Namespace is null || w.Namespace == obj.Namespace) && (w.Selector?.Matches(obj) ?? true)))
        {
            watcher.Events.Writer.TryWrite(new(type, obj.DeepClone().AsObject()));
        }
    }
}

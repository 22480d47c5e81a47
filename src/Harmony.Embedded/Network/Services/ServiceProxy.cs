using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.Services;

/// <summary>
/// What kube-proxy and a cloud's load balancer do elsewhere: makes Services answer at their addresses. Every Service of type LoadBalancer has its
/// cluster IP as ingress, for this machine reaches it there.
/// </summary>
/// <param name="cluster">Where Services and EndpointSlices are watched.</param>
/// <param name="network">The network that is up.</param>
/// <param name="api">Where the API itself listens; null as long as it does not.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where addresses that are taken are told, beside an Event at the Service.</param>
public sealed class ServiceProxy(IClusterClient cluster, EmbeddedNetwork network, Func<IPEndPoint?> api, TimeProvider time, ILogger log) : IEmbeddedService
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(10);

    private readonly EventRecorder _events = new(cluster, time, "service-proxy");
    private readonly HashSet<string> _retrying = new(StringComparer.Ordinal);

    public string Name => "service proxy";

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var traffic = new ServiceTraffic(network.Cluster, network.Sockets, time, api);
        var changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(1024) { SingleReader = true });
        Task[] watches = [WatchAsync(BuiltInResources.Services, changes.Writer, ending.Token), WatchAsync(BuiltInResources.EndpointSlices, changes.Writer, ending.Token)];
        _retrying.Clear();
        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancellation))
            {
                Report(Apply(traffic, change, cancellation), changes.Writer, ending.Token);
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IReadOnlyList<BindFailure> Apply(ServiceTraffic traffic, Change change, CancellationToken cancellation)
    {
        if (change.Retry is { } key)
        {
            _retrying.Remove(key);
            return traffic.Update(key);
        }

        var obj = change.Event!.Object;
        var gone = change.Event.Type is WatchEventType.Deleted;
        if (change.Resource == BuiltInResources.Services)
        {
            var service = ServiceRecord.Of(obj);
            if (gone)
            {
                traffic.Remove(service);
                return [];
            }

            if (LoadBalancerStatus.Update(service, obj))
            {
                _ = WriteStatusAsync(obj, cancellation);
            }

            return traffic.Put(service);
        }

        if (gone || SliceRecord.Of(obj) is not { } slice)
        {
            traffic.Remove($"{obj.Namespace}/{obj.Name}");
            return [];
        }

        return traffic.Put(slice);
    }

    private async Task WriteStatusAsync(JsonObject service, CancellationToken cancellation)
    {
        try
        {
            await cluster.UpdateAsync(BuiltInResources.Services, service, "status", cancellation);
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // It has changed since: the change is on its way here.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogWarning("The status of Service {Namespace}/{Name} could not be written: {Reason}", service.Namespace, service.Name, e.Message);
        }
    }

    private void Report(IReadOnlyList<BindFailure> failures, ChannelWriter<Change> changes, CancellationToken cancellation)
    {
        foreach (var failure in failures)
        {
            // Elsewhere than on Linux and Windows loopback has one address; ports below 1024 need privileges: known limits of a cluster on loopback.
            if (!network.Cluster.Bridged && failure.Error.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AccessDenied)
            {
                log.LogDebug("Service {Namespace}/{Service} is not reachable at {Address} on this machine: {Reason}", failure.Namespace, failure.Service, failure.Listening, failure.Error.Message);
                continue;
            }

            var message = $"Cannot listen on {failure.Listening}: {failure.Error.Message}";
            log.LogWarning("Service {Namespace}/{Service}: {Message}", failure.Namespace, failure.Service, message);
            if (cluster.Get(BuiltInResources.Services, failure.Namespace, failure.Service) is { } service)
            {
                _events.Record(service, EventType.Warning, "FailedToListen", message);
            }

            // One retry waits for a Service, however many of its ports failed and however often it changes meanwhile.
            var key = $"{failure.Namespace}/{failure.Service}";
            if (_retrying.Add(key))
            {
                _ = RetryAsync(key, changes, cancellation);
            }
        }
    }

    private async Task RetryAsync(string key, ChannelWriter<Change> changes, CancellationToken cancellation)
    {
        await Task.Delay(s_retry, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        changes.TryWrite(new(null, null, key));
    }

    private async Task WatchAsync(ApiResource resource, ChannelWriter<Change> changes, CancellationToken cancellation)
    {
        try
        {
            await foreach (var change in cluster.WatchAsync(resource, cancellation))
            {
                await changes.WriteAsync(new(resource, change), cancellation);
            }

            changes.TryComplete();
        }
        catch (Exception e)
        {
            changes.TryComplete(e);
        }
    }

    private sealed record Change(ApiResource? Resource, WatchEvent? Event, string? Retry = null);
}

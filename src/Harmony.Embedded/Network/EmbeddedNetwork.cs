using System.Net;
using Harmony.Embedded.Api;
using Harmony.Embedded.Network.Bridging;
using Harmony.Embedded.Network.Firewall;
using Harmony.Embedded.Network.Linux;
using Harmony.Embedded.Network.Loopback;
using Harmony.Embedded.Network.Sockets;
using Harmony.Platform.Files;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network;

/// <summary>The network of one embedded runtime, up: the pods' addresses, and the sockets that Services and DNS listen on.</summary>
public sealed class EmbeddedNetwork : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _background;

    private EmbeddedNetwork(ClusterNetwork cluster, IPodNetwork pods, IServiceSockets sockets, Func<CancellationToken, Task>? background = null)
    {
        Cluster = cluster;
        Pods = pods;
        Sockets = sockets;
        _background = background is null ? Task.CompletedTask : Task.Run(() => background(_ending.Token), _ending.Token);
    }

    public ClusterNetwork Cluster { get; }

    public IPodNetwork Pods { get; }

    internal IServiceSockets Sockets { get; }

    /// <summary>
    /// Brings up this network, or finds it as an earlier process left it, pods included. The firewall rules, which take two programs, follow on their
    /// own: only the pods' way to the internet waits for them.
    /// </summary>
    /// <exception cref="NetworkException">The machine refuses.</exception>
    public static async Task<EmbeddedNetwork> OpenAsync(ClusterNetwork cluster, string dataFolder, ICommandRunner commands, ILogger log, CancellationToken cancellation)
    {
        if (!cluster.Bridged)
        {
            return new(cluster, new LoopbackPodNetwork(cluster), new HostSockets());
        }

        var instance = Instance.Of(dataFolder);
        var pods = new BridgePodNetwork(cluster, instance, log);
        await pods.StartAsync(cancellation);
        using (await RangeRegistry.LockAsync(cancellation))
        {
            using var routes = new RouteTable();
            new Forwarding(instance, log).Enable(routes);
        }

        return new(cluster, pods, new NamespaceSockets(instance.ServiceNamespace), async ending =>
        {
            await new PacketFilter(instance, commands, log).ApplyAsync(cluster, ending);
            await CleanOrphansAsync(commands, log, ending);
        });
    }

    /// <summary>
    /// Removes everything that this data folder's runtime put on the machine's network, also what a killed process left: bridge, interfaces,
    /// namespaces, routes, firewall rules, forwarding. Its ranges stay reserved as long as the data folder is there. No process of it may run.
    /// </summary>
    public static async Task CleanAsync(string dataFolder, ICommandRunner commands, ILogger log, CancellationToken cancellation)
    {
        if (NetworkPrivileges.Missing() is not null)
        {
            return;
        }

        using var held = await RangeRegistry.LockAsync(cancellation);
        await CleanAsync(Instance.Of(dataFolder), keepRange: Disk.FileExists(Path.Combine(dataFolder, "network.json")), commands, log, cancellation);
    }

    /// <summary>Removes what runtimes left whose data folders are gone: of a test that was killed, or a folder that was deleted by hand.</summary>
    internal static async Task CleanOrphansAsync(ICommandRunner commands, ILogger log, CancellationToken cancellation)
    {
        using var held = await RangeRegistry.LockAsync(cancellation);
        foreach (var instance in RangeRegistry.Orphans().ToList())
        {
            log.LogInformation("Removing the network of a runtime whose folder is gone: {Bridge}", instance.Bridge);
            await CleanAsync(instance, keepRange: false, commands, log, cancellation);
        }
    }

    /// <summary>Lets go of what this process holds. The network itself stays for the pods behind it, until <see cref="CleanAsync(string, ICommandRunner, ILogger, CancellationToken)"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _background.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (Pods as IDisposable)?.Dispose();
        _ending.Dispose();
    }

    private static async Task CleanAsync(Instance instance, bool keepRange, ICommandRunner commands, ILogger log, CancellationToken cancellation)
    {
        using (var routes = new RouteTable())
        {
            foreach (var link in routes.Links().Where(l => l.Name.StartsWith(instance.LinkPrefix, StringComparison.Ordinal)))
            {
                routes.DeleteLink(link.Name);
            }

            routes.DeleteLink(instance.Bridge);
        }

        if (Disk.FolderExists(instance.Pods))
        {
            foreach (var path in Disk.Files(instance.Pods).ToList())
            {
                NetworkNamespace.Remove(path);
            }

            Disk.DeleteTree(instance.Pods);
        }

        if (Disk.FolderExists(instance.Folder))
        {
            NetworkNamespace.Remove(instance.ServiceNamespace);
            if (!keepRange)
            {
                Disk.DeleteTree(instance.Folder);
            }
        }

        new Forwarding(instance, log).Restore();
        await new PacketFilter(instance, commands, log).RemoveAsync(cancellation);
    }
}

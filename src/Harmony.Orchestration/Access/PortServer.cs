using System.Net.Sockets;
using System.Text.Json;
using Harmony.Kubernetes;
using Harmony.Orchestration.Deployment;
using Harmony.Platform.Files;
using Harmony.Platform.Paths;
using Harmony.Runtimes;

namespace Harmony.Orchestration.Access;

/// <summary>
/// The background process behind published ports: it serves the ports of every project record, follows the records as they change, says in
/// <see cref="PortStates"/> what it serves, and ends when there is nothing left to serve.
/// </summary>
public sealed class PortServer(ProjectRecords records, HarmonyPaths paths, Func<KubeconfigReference, IKubernetesApi> connect, TimeProvider time, Action<string> log)
{
    /// <summary>How often the records are looked at, should a notification be lost.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    /// <summary>How long nothing has to be served until the process ends.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(PublishedPort Port, string Kubeconfig), ServiceForwarder> served = [];
    private readonly Dictionary<PublishedPort, string> faults = [];
    private readonly Dictionary<string, IKubernetesApi> clusters = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellation)
    {
        Disk.CreateFolder(records.Folder);
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = new FileSystemWatcher(records.Folder, "*.json");
        watcher.Created += Wake;
        watcher.Changed += Wake;
        watcher.Deleted += Wake;
        watcher.Renamed += Wake;
        watcher.EnableRaisingEvents = true;
        var busy = time.GetTimestamp();
        try
        {
            while (served.Count > 0 || time.GetElapsedTime(busy) < Idle)
            {
                await ReconcileAsync();
                busy = served.Count > 0 ? time.GetTimestamp() : busy;
                await changed.WaitAsync(Beat, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            await StopAsync();
        }

        void Wake(object sender, FileSystemEventArgs e)
        {
            try
            {
                changed.Release();
            }
            catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task ReconcileAsync()
    {
        var wanted = new Dictionary<(PublishedPort, string), KubeconfigReference>();
        foreach (var record in records.All)
        {
            // Another kubeconfig text is another cluster, or the same with new credentials: its forwarders start anew.
            if (record.Ports.Count > 0 && Disk.ReadTextIfPresent(record.Kubeconfig) is { } text)
            {
                foreach (var port in record.Ports)
                {
                    wanted.TryAdd((port, $"{record.Context}\n{text}"), new(record.Kubeconfig, record.Context));
                }
            }
        }

        foreach (var key in served.Keys.Where(k => !wanted.ContainsKey(k)).ToList())
        {
            await served[key].DisposeAsync();
            served.Remove(key);
            log($"no longer serves {key.Port.Location}");
        }

        faults.Clear();
        foreach (var (key, kubeconfig) in wanted.Where(w => !served.ContainsKey(w.Key)))
        {
            var (port, identity) = key;
            try
            {
                var api = clusters.TryGetValue(identity, out var known) ? known : clusters[identity] = connect(kubeconfig);
                var forwarder = new ServiceForwarder(api, port, time, log);
                forwarder.Start();
                served[key] = forwarder;
                log($"serves {port.Service} on {port.Location}");
            }
            catch (Exception e) when (e is SocketException or KubernetesException)
            {
                faults[port] = e.Message;
                log($"cannot serve {port.Service} on {port.Address}:{port.LocalPort}: {e.Message}");
            }
        }

        await ForgetClustersAsync(wanted.Keys.Select(k => k.Item2).ToHashSet(StringComparer.Ordinal));
        PortStates.Write(paths, served.Keys.Select(k => (k.Port, "")).Concat(faults.Select(f => (f.Key, f.Value))));
    }

    private async Task ForgetClustersAsync(HashSet<string> used)
    {
        foreach (var (identity, api) in clusters.Where(c => !used.Contains(c.Key)).ToList())
        {
            clusters.Remove(identity);
            await api.DisposeAsync();
        }
    }

    private async Task StopAsync()
    {
        await Task.WhenAll(served.Values.Select(f => f.DisposeAsync().AsTask()));
        await ForgetClustersAsync([]);
        PortStates.Clear(paths);
    }
}

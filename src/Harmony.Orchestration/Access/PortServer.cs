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
    private Dictionary<PublishedPort, string> faults = [];
    private readonly Dictionary<string, IKubernetesApi> clusters = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellation)
    {
        Disk.CreateFolder(records.Folder);
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = Watch(Wake);
        var busy = time.GetTimestamp();
        try
        {
            while (served.Count > 0 || time.GetElapsedTime(busy) < Idle)
            {
                await TryReconcileAsync();
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

    /// <summary>Null where the system has no watch to give: then the beat alone notices changes.</summary>
    private FileSystemWatcher? Watch(FileSystemEventHandler wake)
    {
        var watcher = new FileSystemWatcher(records.Folder, "*.json");
        try
        {
            watcher.Created += wake;
            watcher.Changed += wake;
            watcher.Deleted += wake;
            watcher.Renamed += new RenamedEventHandler(wake);
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (IOException e)
        {
            watcher.Dispose();
            log($"cannot watch {records.Folder}, looks every {Beat.TotalSeconds:0} s instead: {e.Message}");
            return null;
        }
    }

    /// <summary>A full disk, an unreadable kubeconfig: what is served already goes on being served.</summary>
    private async Task TryReconcileAsync()
    {
        try
        {
            await ReconcileAsync();
        }
        catch (Exception e)
        {
            log($"looking at what to serve: {e.Message}");
        }
    }

    private async Task ReconcileAsync()
    {
        var found = new Dictionary<PublishedPort, string>();
        var wanted = Wanted(found);
        foreach (var key in served.Keys.Where(k => !wanted.ContainsKey(k)).ToList())
        {
            await served[key].DisposeAsync();
            served.Remove(key);
            log($"no longer serves {key.Port.Location}");
        }

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
            catch (Exception e)
            {
                found[port] = e.Message;
            }
        }

        foreach (var (port, fault) in found.Where(f => faults.GetValueOrDefault(f.Key) != f.Value))
        {
            log($"cannot serve {port.Service} on {port.Address}:{port.LocalPort}: {fault}");
        }

        faults = found;
        await ForgetClustersAsync(wanted.Keys.Select(k => k.Kubeconfig).ToHashSet(StringComparer.Ordinal));
        PortStates.Write(paths, served.Keys.Select(k => (k.Port, "")).Concat(faults.Select(f => (f.Key, f.Value))));
    }

    /// <summary>Another kubeconfig text is another cluster, or the same with new credentials: its forwarders start anew.</summary>
    private Dictionary<(PublishedPort Port, string Kubeconfig), KubeconfigReference> Wanted(Dictionary<PublishedPort, string> missing)
    {
        var wanted = new Dictionary<(PublishedPort Port, string Kubeconfig), KubeconfigReference>();
        foreach (var record in records.All)
        {
            // The user's own may be a list, as KUBECONFIG is.
            var texts = record.Kubeconfig.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(Disk.ReadTextIfPresent).OfType<string>().ToList();
            foreach (var port in record.Ports)
            {
                if (texts.Count > 0)
                {
                    wanted.TryAdd((port, $"{record.Context}\n{string.Join('\n', texts)}"), new(record.Kubeconfig, record.Context));
                }
                else
                {
                    missing[port] = $"there is no kubeconfig {record.Kubeconfig}";
                }
            }
        }

        return wanted;
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

using System.Net;
using System.Runtime.InteropServices;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Authentication;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Http;
using Harmony.Embedded.Api.Registry;
using Harmony.Embedded.Api.Strategies;
using Harmony.Embedded.Hosting;
using Harmony.Embedded.Network;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Downloads;
using Harmony.Platform.Files;
using Harmony.Platform.Locks;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded;

/// <summary>The embedded runtime: one process that is a Kubernetes cluster on one machine.</summary>
public sealed partial class EmbeddedServer : IAsyncDisposable
{
    private readonly EmbeddedOptions options;
    private readonly List<Func<ValueTask>> ending = [];

    private EmbeddedServer(EmbeddedOptions options) => this.options = options;

    /// <summary>Where the API is served, such as <c>https://127.0.0.1:6443</c>.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1");

    /// <summary>The API from inside the process.</summary>
    public IClusterClient Client { get; private set; } = null!;

    /// <summary>Serves until cancelled, or until the system asks the process to end (SIGTERM, SIGINT).</summary>
    /// <exception cref="EmbeddedException">It cannot start; the message says why.</exception>
    public static async Task RunAsync(EmbeddedOptions options, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await using var server = await StartAsync(options with { Log = options.Log ?? StandardStreams.Error }, stop.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, options.Time, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to end; everything has been put away.
        }
    }

    /// <summary>Starts and returns as soon as the API serves; controllers and node follow on their own (<c>/readyz</c> tells when).</summary>
    /// <exception cref="EmbeddedException">It cannot start; the message says why.</exception>
    public static async Task<EmbeddedServer> StartAsync(EmbeddedOptions options, CancellationToken cancellation)
    {
        var server = new EmbeddedServer(options);
        try
        {
            await server.OpenAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends everything in reverse order. Containers live on and are adopted at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = ending.Count - 1; i >= 0; i--)
        {
            await ending[i]();
        }

        ending.Clear();
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        SystemTrust.ReadAhead();
        Disk.CreateFolder(options.DataFolder);
        var held = FileLock.TryAcquire(options.LockPath, "serving the embedded runtime")
            ?? throw new EmbeddedException(EmbeddedError.AlreadyRunning, $"the embedded runtime in {options.DataFolder} is already served by another process",
                "Use that one (`harmony runtime status`), or stop it with `harmony runtime stop embedded`.");
        ending.Add(() => Ended(held.Dispose));
        Disk.DeleteFile(options.EndpointPath);
        var logs = new RuntimeLog(options.Log ?? TextWriter.Null, options.Time);
        var log = logs.CreateLogger("server");
        var store = ObjectStore.Open(options.DatabasePath);
        ending.Add(store.DisposeAsync);
        var authority = CertificateAuthority.Open(options.CertificateFolder, options.Time);
        ending.Add(() => Ended(authority.Dispose));
        var tokens = TokenIssuer.Open(options.CertificateFolder, options.Time);
        ending.Add(() => Ended(tokens.Dispose));
        var network = options.Network ?? await ClusterNetwork.ChooseAsync(options.DataFolder, logs.CreateLogger("network"), cancellation);

        var cluster = new ClusterState(store, network, options.Time) { ControllersRun = options.Services };
        var catalog = new ResourceCatalog(new StrategyTable(cluster));
        var registry = new ObjectRegistry(cluster);
        var custom = new CustomResources(registry, catalog, logs.CreateLogger("custom-resources"));
        custom.Load();
        await BootstrapObjects.EnsureAsync(registry, catalog, options.Services, cancellation);

        var runner = new ServiceRunner(options.Time, logs);
        var health = new ServerHealth();
        var handler = new ApiHandler(registry, catalog, new Authenticator(authority, tokens, cluster), tokens, health, logs.CreateLogger("api"));
        IPAddress[] addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback, .. network.ApiAddress.Equals(IPAddress.Loopback) ? [] : (IPAddress[])[network.ApiAddress]];
        var port = Kubeconfig.ReadPort(options);
        var listener = await ApiListener.StartAsync(port, authority, addresses, handler.HandleAsync, logs, options.Time, cancellation);
        ending.Add(listener.DisposeAsync);
        if (listener.Port != port)
        {
            Kubeconfig.WritePort(options, listener.Port);
        }

        Address = new(Kubeconfig.Url(listener.Port));
        Client = new ClusterClient(registry, catalog);
        ending.Add(runner.DisposeAsync);
        runner.Start(custom);
        var parts = new EmbeddedParts(options, Client, network, tokens, authority.CertificatePem, listener.Port, logs);
        if (options.Services)
        {
            health.AddReadiness("services", () => runner.Trouble);
            health.AddReadiness("node", () => NodeTrouble(Client));
            var composition = await EmbeddedComposition.CreateAsync(parts, cancellation);
            ending.Insert(ending.Count - 1, composition.DisposeAsync);
            handler.PodStreams = composition.PodStreams;
            handler.Images = composition.Images;
            foreach (var service in composition.Services)
            {
                runner.Start(service);
            }
        }

        Kubeconfig.Write(options, authority, listener.Port);
        Kubeconfig.WriteEndpoint(options, listener.Port);
        ending.Add(() => Ended(() => Disk.DeleteFile(options.EndpointPath)));
        log.LogInformation("Serving the Kubernetes API at {Address}", Address);
    }

    private static string? NodeTrouble(IClusterClient client)
    {
        var nodes = client.List(BuiltInResources.Nodes);
        return nodes.Count == 0 ? "the node has not registered yet"
            : nodes.Any(n => n.Condition("Ready")?.Text("status") == "True") ? null
            : nodes[0].Condition("Ready")?.Text("message") ?? "the node is not ready";
    }

    private static ValueTask Ended(Action end)
    {
        end();
        return ValueTask.CompletedTask;
    }
}

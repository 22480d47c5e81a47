using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Embedded;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Paths;

[assembly: AssemblyFixture(typeof(ConformanceCluster))]

// Tests wait for controllers most of the time: more of them than processors may run.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.All, MaxThreads = 8)]

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>
/// What the suite is run against: the cluster of <c>HARMONY_TEST_KUBECONFIG</c>, else an embedded runtime in this process on a home of its own. All
/// that tests make is in namespaces of their own, or has the run's mark in its name, and is gone at the end.
/// </summary>
public sealed class ConformanceCluster : IAsyncLifetime
{
    /// <summary>Names a kubeconfig; its current context is used.</summary>
    public const string Variable = "HARMONY_TEST_KUBECONFIG";

    private readonly string home = Path.Combine(Path.GetTempPath(), "harmony-conformance-" + Guid.NewGuid().ToString("N")[..12]);
    private readonly List<string> namespaces = [];
    private EmbeddedServer? server;
    private KubernetesApi? api;
    private RawApi? raw;
    private PuppetNode? node;
    private TestImage? image;
    private int count;

    /// <summary>Tells this run from others on the same cluster.</summary>
    public string Mark { get; } = Guid.NewGuid().ToString("N")[..6];

    public bool IsEmbedded => Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 };

    /// <summary>harmony's own client.</summary>
    public KubernetesApi Api => api!;

    /// <summary>Plain requests, for what a client would rather not send or see.</summary>
    public RawApi Raw => raw!;

    /// <summary>A node of paper, on which tests decide what becomes of pods.</summary>
    public PuppetNode Node => node!;

    /// <summary>What real pods run.</summary>
    public TestImage Image => image!;

    public async ValueTask InitializeAsync()
    {
        var kubeconfig = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(kubeconfig))
        {
            var options = new EmbeddedOptions(HarmonyPaths.Under(home));
            server = await EmbeddedServer.StartAsync(options, CancellationToken.None);
            kubeconfig = options.KubeconfigPath;
        }

        api = KubernetesApi.Connect(kubeconfig);
        raw = new RawApi(kubeconfig);
        await Until.TrueAsync(async () => (await raw.GetAsync("/readyz")).Code == 200, "the API is ready");
        node = await PuppetNode.StartAsync(api, raw, "puppet-" + Mark);
        image = await TestImage.FindAsync(this);
    }

    public async Task<TestNamespace> NewNamespaceAsync()
    {
        var name = $"conformance-{Mark}-{Interlocked.Increment(ref count)}";
        (await Raw.PostAsync("/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{name}}}"}}""")).Expect(201);
        lock (namespaces)
        {
            namespaces.Add(name);
        }

        return new(this, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (raw is not null)
        {
            foreach (var name in namespaces)
            {
                await raw.DeleteAsync($"/api/v1/namespaces/{name}");
            }

            if (!IsEmbedded)
            {
                // The puppet must live until its last pod has gone.
                await Until.TrueAsync(async () => (await raw.GetAsync("/api/v1/namespaces")).Body["items"].Objects().All(n => !namespaces.Contains(n.Name)), "the suite's namespaces are gone");
            }
        }

        if (node is not null)
        {
            await node.DisposeAsync();
        }

        if (api is not null)
        {
            await api.DisposeAsync();
        }

        raw?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
            await EmbeddedServer.CleanAsync(new EmbeddedOptions(HarmonyPaths.Under(home)), CancellationToken.None);
        }

        if (image is not null)
        {
            await image.DisposeAsync();
        }

        if (Directory.Exists(home))
        {
            Directory.Delete(home, recursive: true);
        }
    }
}

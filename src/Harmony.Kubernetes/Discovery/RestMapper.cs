using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes.Discovery;

/// <summary>Which kinds a cluster serves and where, as client-go's RESTMapper knows it. Asked once in two requests (aggregated discovery), and again when a kind is not in it.</summary>
internal sealed class RestMapper(ApiConnection connection) : IDisposable
{
    private const string Aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private readonly SemaphoreSlim refreshing = new(1);
    private volatile Snapshot? snapshot;

    public async Task<ResourceDescription?> FindAsync(GroupVersionKind kind, CancellationToken cancellation)
    {
        var seen = snapshot;
        if (seen?.Find(kind) is { } known)
        {
            return known;
        }

        await refreshing.WaitAsync(cancellation);
        try
        {
            // Somebody may have asked while this call waited.
            if (ReferenceEquals(seen, snapshot))
            {
                snapshot = await AskAsync(cancellation);
            }

            return snapshot!.Find(kind);
        }
        finally
        {
            refreshing.Release();
        }
    }

    public void Dispose() => refreshing.Dispose();

    private async Task<Snapshot> AskAsync(CancellationToken cancellation)
    {
        var found = new Snapshot();
        var answers = await Task.WhenAll(GetAsync("/api", Aggregated, cancellation), GetAsync("/apis", Aggregated, cancellation));
        foreach (var answer in answers)
        {
            if (answer.Kind == "APIGroupDiscoveryList")
            {
                ReadAggregated(answer, found);
            }
            else
            {
                await ReadOneByOneAsync(answer, found, cancellation);
            }
        }

        return found;
    }

    private async Task<JsonObject> GetAsync(string path, string accept, CancellationToken cancellation) =>
        (await connection.SendAsync(new(HttpMethod.Get, path, "asking the API which kinds it serves") { Accept = accept }, cancellation)).Body;

    private static void ReadAggregated(JsonObject list, Snapshot found)
    {
        foreach (var group in list["items"].Objects())
        {
            var name = group.Name;
            foreach (var version in group["versions"].Objects())
            {
                foreach (var resource in version["resources"].Objects())
                {
                    var own = resource["responseKind"];
                    found.Add(new(
                        new(own.At("group").AsText() is { Length: > 0 } other ? other : name, version.Text("version") ?? "", own.At("kind").AsText() ?? ""),
                        resource.Text("resource") ?? "",
                        resource.Text("scope") == "Namespaced",
                        [.. resource["verbs"].Items().Select(v => v.AsText() ?? "")]));
                }
            }
        }
    }

    /// <summary>Servers before 1.27 tell one group and version at a time.</summary>
    private async Task ReadOneByOneAsync(JsonObject list, Snapshot found, CancellationToken cancellation)
    {
        var paths = list["versions"].Items().Select(v => (Group: "", Version: v.AsText() ?? ""))
            .Concat(list["groups"].Objects().SelectMany(g => g["versions"].Objects().Select(v => (Group: g.Text("name") ?? "", Version: v.Text("version") ?? ""))))
            .ToList();
        var answers = await Task.WhenAll(paths.Select(async p =>
        {
            try
            {
                return await GetAsync(p.Group.Length == 0 ? $"/api/{p.Version}" : $"/apis/{p.Group}/{p.Version}", "application/json", cancellation);
            }
            catch (KubernetesException e) when (e.HttpStatus is 404 or 503)
            {
                // An aggregated API whose server is away hides its own kinds, not the others.
                return [];
            }
        }));
        foreach (var (path, answer) in paths.Zip(answers))
        {
            foreach (var resource in answer["resources"].Objects().Where(r => r.Text("name") is { } n && !n.Contains('/', StringComparison.Ordinal)))
            {
                found.Add(new(
                    new(path.Group, path.Version, resource.Kind),
                    resource.Text("name")!,
                    resource["namespaced"].AsBool() == true,
                    [.. resource["verbs"].Items().Select(v => v.AsText() ?? "")]));
            }
        }
    }

    private sealed class Snapshot
    {
        private readonly Dictionary<GroupVersionKind, ResourceDescription> byKind = [];

        /// <summary>The first to name a kind wins: versions come with the preferred one first.</summary>
        public void Add(ResourceDescription description)
        {
            byKind.TryAdd(description.Kind, description);
            byKind.TryAdd(description.Kind with { Version = "" }, description);
        }

        public ResourceDescription? Find(GroupVersionKind kind) => byKind.GetValueOrDefault(kind);
    }
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>A namespace for one test, deleted with it.</summary>
public sealed class TestNamespace(ConformanceCluster cluster, string name) : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["deployments"] = "apps/v1",
        ["replicasets"] = "apps/v1",
        ["statefulsets"] = "apps/v1",
        ["daemonsets"] = "apps/v1",
        ["controllerrevisions"] = "apps/v1",
        ["jobs"] = "batch/v1",
        ["cronjobs"] = "batch/v1",
        ["endpointslices"] = "discovery.k8s.io/v1",
        ["poddisruptionbudgets"] = "policy/v1",
        ["leases"] = "coordination.k8s.io/v1",
    };

    public string Name => name;

    public ConformanceCluster Cluster => cluster;

    public RawApi Raw => cluster.Raw;

    /// <summary>The path of a collection, such as <c>configmaps</c>.</summary>
    public string this[string plural] =>
        (Groups.TryGetValue(plural, out var group) ? $"/apis/{group}" : "/api/v1") + $"/namespaces/{name}/{plural}";

    /// <summary>The path of an object, or of its subresource (<c>web/scale</c>).</summary>
    public string this[string plural, string obj] => $"{this[plural]}/{obj}";

    public async Task<JsonObject> CreateAsync(string plural, string json) => (await Raw.PostAsync(this[plural], json)).Expect(201);

    public async Task<JsonObject> GetAsync(string plural, string obj) => (await Raw.GetAsync(this[plural, obj])).Expect(200);

    public async Task<JsonObject> PatchAsync(string plural, string obj, string json, string type = RawApi.MergePatch) => (await Raw.PatchAsync(this[plural, obj], json, type)).Expect(200);

    public async Task<bool> ExistsAsync(string plural, string obj) => (await Raw.GetAsync(this[plural, obj])).Code == 200;

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string plural, string query = "") => [.. (await Raw.GetAsync(this[plural] + query)).Expect(200)["items"].Objects()];

    /// <summary>Waits until the object is there and meets the condition.</summary>
    public Task<JsonObject> UntilAsync(
        string plural, string obj, Func<JsonObject, bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "") => Until.AsyncAs(
        async () => (await Raw.GetAsync(this[plural, obj])).Body, o => o.Name == obj && condition(o), $"{plural}/{obj}: {what}");

    /// <summary>Waits until the list meets the condition.</summary>
    public async Task<IReadOnlyList<JsonObject>> UntilListAsync(
        string plural, Func<IReadOnlyList<JsonObject>, bool> condition, string query = "", [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "")
    {
        IReadOnlyList<JsonObject> last = [];
        await Until.TrueAsync(
            async () => condition(last = await ListAsync(plural, query)),
            $"{plural}: {what}",
            () => string.Join('\n', last.Select(o => o.ToJsonString())));
        return last;
    }

    public Task UntilGoneAsync(string plural, string obj) =>
        Until.TrueAsync(async () => (await Raw.GetAsync(this[plural, obj])).Code == 404, $"{plural}/{obj} is gone");

    public async ValueTask DisposeAsync() => await Raw.DeleteAsync($"/api/v1/namespaces/{name}");
}

using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Strategies;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>The kinds that are served right now: Kubernetes' own, then those of custom resource definitions. Reading it needs no lock.</summary>
public sealed class ResourceCatalog
{
    private readonly List<ServedResource> builtIn;
    private volatile State state;

    public ResourceCatalog(StrategyTable strategies)
    {
        builtIn = [.. BuiltInResources.All.Select(r => BuiltIn(r, strategies))];
        state = new(builtIn, 1);
    }

    /// <summary>All, ordered as discovery tells them.</summary>
    public IReadOnlyList<ServedResource> All => state.All;

    /// <summary>Counts the changes of this catalogue, so that what is made from it can be kept.</summary>
    public int Generation => state.Generation;

    public ServedResource? Find(string group, string version, string plural) =>
        state.ByPath.TryGetValue((group, version, plural), out var found) ? found : null;

    public ServedResource Find(ApiResource resource) =>
        Find(resource.Group, resource.Version, resource.Plural) ?? throw ApiErrors.NoSuchResource();

    /// <summary>Whether anything is served in this version of this group.</summary>
    public bool Serves(string group, string version) => state.Versions.Contains((group, version));

    /// <summary>Replaces all custom resources. One that would hide a built-in kind is left out.</summary>
    public void SetCustom(IEnumerable<ServedResource> custom) => state = new([.. builtIn, .. custom], state.Generation + 1);

    private static ServedResource BuiltIn(ApiResource resource, StrategyTable strategies)
    {
        Schema Find() => SchemaCatalog.Find(resource.GroupVersionKind) ?? Schema.Any;
        return resource switch
        {
            { Name: "events.events.k8s.io" } => new(resource, BuiltInResources.Events.Name, strategies.Find(resource.Name), Find) { Conversion = new GroupedEventConversion() },
            { Name: "horizontalpodautoscalers.autoscaling", Version: "v1" } => new(resource, resource.Name, strategies.Find(resource.Name), Find) { Conversion = new AutoscalerConversion() },
            _ => new(resource, resource.Name, strategies.Find(resource.Name), Find),
        };
    }

    private sealed class State
    {
        public State(List<ServedResource> all, int generation)
        {
            All = all;
            Generation = generation;
            foreach (var resource in all)
            {
                ByPath.TryAdd((resource.Resource.Group, resource.Resource.Version, resource.Resource.Plural), resource);
                Versions.Add((resource.Resource.Group, resource.Resource.Version));
            }
        }

        public List<ServedResource> All { get; }

        public int Generation { get; }

        public Dictionary<(string Group, string Version, string Plural), ServedResource> ByPath { get; } = [];

        public HashSet<(string Group, string Version)> Versions { get; } = [];
    }
}

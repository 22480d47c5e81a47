using Harmony.Embedded.Network;
using Harmony.Embedded.Storage;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>What strategies may look at: the stored objects, the network's ranges and the time.</summary>
public sealed record ClusterState(ObjectStore Store, ClusterNetwork Network, TimeProvider Time)
{
    /// <summary>Whether another look may find what controllers make on their own (default service accounts): false where none run.</summary>
    public bool ControllersRun { get; init; } = true;

    public StoredObject? Find(ApiResource resource, string? ns, string name) => Store.Get(new(resource.Name, ns ?? "", name));

    public IReadOnlyList<StoredObject> List(ApiResource resource, string? ns = null) => Store.List(resource.Name, ns).Objects;
}

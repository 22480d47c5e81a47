using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>
/// What is particular about creating, changing and deleting objects of one kind, beyond its schema, defaults and validation. Most kinds need
/// only the flags; a class is derived where something must be looked up or allocated.
/// </summary>
public class Strategy
{
    /// <summary>Whether <c>metadata.generation</c> counts the changes of what is asked for.</summary>
    public bool CountsGeneration { get; init; }

    /// <summary>Whether an update of a missing object creates it.</summary>
    public bool CreatesOnUpdate { get; init; }

    /// <summary>Whether an update may leave out the resourceVersion.</summary>
    public bool AllowsUnconditionalUpdate { get; init; } = true;

    /// <summary>Whether a deletion answers with the object rather than with a Status.</summary>
    public bool ReturnsDeleted { get; init; }

    /// <summary>The status that every new object has, as JSON text; null for none.</summary>
    public string? InitialStatus { get; init; }

    /// <summary>A finalizer that every new object has; null for none.</summary>
    public string? ProtectionFinalizer { get; init; }

    /// <summary>Fills in what creation decides, after defaults, before validation.</summary>
    /// <exception cref="ApiException">Not admitted.</exception>
    public virtual ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>Fills in what an update decides. <paramref name="subresource"/> is null for the object itself.</summary>
    public virtual void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
    }

    /// <summary>Takes what is scarce (addresses, ports) after validation; what it returns undoes that when the write fails.</summary>
    public virtual Action? Reserve(JsonObject obj, JsonObject? old, bool dryRun) => null;

    /// <summary>Gives back what an object held that the stored one (null once it is gone) no longer holds.</summary>
    public virtual void Settle(JsonObject old, JsonObject? now)
    {
    }

    /// <summary>Seconds that the object gets to end when it is deleted; 0 for at once.</summary>
    public virtual long GracePeriod(JsonObject obj, long? asked) => 0;

    /// <summary>Whether something other than finalizers and a grace period keeps a deleted object alive.</summary>
    public virtual bool OutlivesDeletion(JsonObject obj) => false;

    /// <summary>Marks a deleted object that lives on.</summary>
    public virtual void MarkDeleted(JsonObject obj)
    {
    }
}

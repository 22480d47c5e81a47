using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Registry;
using Harmony.Embedded.Api.Strategies;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>
/// Serves the kinds of custom resource definitions while they are there: accepts their names, establishes them, and on their deletion removes
/// their objects first, as the apiextensions controllers of Kubernetes do.
/// </summary>
internal sealed class CustomResources(ObjectRegistry registry, ResourceCatalog catalog, ILogger log) : IEmbeddedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ServedResource definitions = catalog.Find(BuiltInResources.CustomResourceDefinitions);

    public string Name => "custom-resources";

    /// <summary>Serves what is established already, so that it is there from the first request on.</summary>
    public void Load() => catalog.SetCustom(Definitions().Where(IsEstablished).SelectMany(CustomResourceReader.Read));

    public async Task RunAsync(CancellationToken cancellation)
    {
        var (_, _, changes) = registry.Store.Subscribe(definitions.StorageName, ns: null, coalesce: true);
        using (changes)
        {
            while (true)
            {
                while (changes.TryTake(out _))
                {
                    // One look at all definitions answers every change that came before it.
                }

                Load();
                var hasMore = false;
                foreach (var definition in Definitions())
                {
                    try
                    {
                        hasMore |= !await ReconcileAsync(definition, cancellation);
                    }
                    catch (ApiException e) when (e.IsConflict || e.IsNotFound)
                    {
                        // It changed meanwhile: its next change is on its way here.
                        log.LogDebug("CustomResourceDefinition {Name} changed while it was looked at", definition.Name);
                    }
                }

                Load();

                // Objects with finalizers of their own go when those who set them say so: of that no definition tells.
                await changes.NextAsync(hasMore ? Pause : Timeout.InfiniteTimeSpan, registry.Cluster.Time, cancellation);
            }
        }
    }

    private List<JsonObject> Definitions() =>
        [.. registry.Store.List(definitions.StorageName, null).Objects.OrderBy(o => o.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).Select(o => o.ToTree())];

    private static bool IsEstablished(JsonObject definition) => definition.Condition("Established")?.Text("status") == "True";

    /// <summary>Says whether all is done that this state of the definition asks for.</summary>
    private async Task<bool> ReconcileAsync(JsonObject definition, CancellationToken cancellation)
    {
        if (definition.IsBeingDeleted)
        {
            return await CleanUpAsync(definition, cancellation);
        }

        var before = definition.DeepClone().AsObject();
        var conflict = ConflictOf(definition);
        Set(definition, "NamesAccepted", conflict is null ? "True" : "False", conflict is null ? "NoConflicts" : "NamesConflict", conflict ?? "no conflicts found");
        if (conflict is null)
        {
            definition.Child("status")["acceptedNames"] = definition.At("spec", "names")!.DeepClone();
            Set(definition, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
        }
        else if (!IsEstablished(definition))
        {
            Set(definition, "Established", "False", "NotAccepted", "not all names are accepted");
        }

        if (!JsonNode.DeepEquals(before, definition))
        {
            // Served first: whoever sees it established may ask for it at once.
            if (IsEstablished(definition))
            {
                catalog.SetCustom(Definitions().Where(d => IsEstablished(d) && d.Name != definition.Name).Append(definition).SelectMany(CustomResourceReader.Read));
            }

            await registry.UpdateAsync(definitions, null, definition.Name, "status", definition, NewContext(), cancellation);
        }

        return true;
    }

    /// <summary>Says whether no object is left.</summary>
    private async Task<bool> CleanUpAsync(JsonObject definition, CancellationToken cancellation)
    {
        if (CustomResourceReader.Read(definition).FirstOrDefault() is { } served)
        {
            var (objects, _) = registry.Store.List(served.StorageName, null);
            foreach (var stored in objects)
            {
                try
                {
                    await registry.DeleteAsync(served, stored.Key.Namespace, stored.Key.Name, DeleteOptions.Background, NewContext(), cancellation);
                }
                catch (ApiException e) when (e.IsNotFound)
                {
                    // Gone is gone.
                }
            }

            if (registry.Store.List(served.StorageName, null).Objects.Length > 0)
            {
                return false;
            }
        }

        var finalizers = definition.Metadata.List("finalizers");
        if (finalizers.FirstOrDefault(f => f.AsText() == CustomResourceDefinitionStrategy.CleanupFinalizer) is { } finalizer)
        {
            finalizers.Remove(finalizer);
            await registry.UpdateAsync(definitions, null, definition.Name, null, definition, NewContext(), cancellation);
        }

        return true;
    }

    private string? ConflictOf(JsonObject definition)
    {
        var group = definition.At("spec", "group").AsText();
        var plural = definition.At("spec", "names", "plural").AsText();
        var kind = definition.At("spec", "names", "kind").AsText();
        foreach (var other in catalog.All.Select(r => r.Resource).Where(r => r.Group == group && definition.Name != r.Name))
        {
            if (other.Plural == plural)
            {
                return $"\"{plural}\" is already in use";
            }

            if (other.Kind == kind)
            {
                return $"\"{kind}\" is already in use";
            }
        }

        return null;
    }

    private void Set(JsonObject definition, string type, string status, string reason, string message)
    {
        var conditions = definition.Child("status").List("conditions");
        var condition = definition.Condition(type);
        if (condition?.Text("status") == status && condition.Text("reason") == reason)
        {
            return;
        }

        if (condition is not null)
        {
            conditions.Remove(condition);
        }

        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastTransitionTime"] = registry.Cluster.Time.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        });
    }

    private static RequestContext NewContext() => new() { Manager = "kube-apiserver", Decodes = false };
}

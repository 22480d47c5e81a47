using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.StatefulSets;

/// <summary>The claims of a StatefulSet's pods: made before the pod, kept after it unless the retention policy says otherwise.</summary>
internal sealed partial class StatefulSetController
{
    private async Task EnsureClaimsAsync(JsonObject set, string pod, CancellationToken cancellation)
    {
        foreach (var wanted in StatefulPods.NewClaims(set, pod))
        {
            var known = claims.Get(set.Namespace, wanted.Name) ?? Cluster.GetLive(BuiltInResources.PersistentVolumeClaims, set.Namespace, wanted.Name);
            if (known is null)
            {
                if (Policy(set, "whenDeleted") == "Delete")
                {
                    wanted.Metadata["ownerReferences"] = new JsonArray(PodTemplate.ControllerReference(set));
                }

                await CreateClaimAsync(set, wanted, pod, cancellation);
            }
            else if (known.IsBeingDeleted)
            {
                throw new RetryException($"The claim {known.Name} is being deleted.");
            }
            else
            {
                await SetOwnerAsync(set, known, Policy(set, "whenDeleted") == "Delete" ? set : null, cancellation);
            }
        }
    }

    private async Task CreateClaimAsync(JsonObject set, JsonObject claim, string pod, CancellationToken cancellation)
    {
        try
        {
            await Cluster.CreateAsync(BuiltInResources.PersistentVolumeClaims, claim, cancellation);
            recorder.Record(set, EventType.Normal, "SuccessfulCreate", $"Create Claim {claim.Name} Pod {pod} in StatefulSet {set.Name} success");
        }
        catch (ApiException e) when (!e.IsAlreadyExists)
        {
            recorder.Record(set, EventType.Warning, "FailedCreate", $"create Claim {claim.Name} for Pod {pod} in StatefulSet {set.Name} failed error: {e.Message}");
            throw;
        }
        catch (ApiException)
        {
        }
    }

    /// <summary>A pod that is scaled away takes its claims with it where the policy says so: they become the pod's, and are collected with it.</summary>
    private async Task OwnClaimsAsync(JsonObject set, JsonObject pod, CancellationToken cancellation)
    {
        if (Policy(set, "whenScaled") != "Delete")
        {
            return;
        }

        foreach (var wanted in StatefulPods.NewClaims(set, pod.Name))
        {
            if (claims.Get(set.Namespace, wanted.Name) is { } claim)
            {
                await SetOwnerAsync(set, claim, pod, cancellation);
            }
        }
    }

    private static string Policy(JsonObject set, string when) =>
        set.At("spec", "persistentVolumeClaimRetentionPolicy", when).AsText() ?? "Retain";

    /// <summary>Makes this the claim's owner in place of the set and its pods; other owners are none of our business.</summary>
    private async Task SetOwnerAsync(JsonObject set, JsonObject claim, JsonObject? owner, CancellationToken cancellation)
    {
        bool IsOurs(JsonObject reference) =>
            (reference.Text("kind") == "StatefulSet" && reference.Text("name") == set.Name)
            || (reference.Text("kind") == "Pod" && reference.Text("name")!.StartsWith($"{set.Name}-", StringComparison.Ordinal));

        var ours = claim.At("metadata", "ownerReferences").Objects().Where(IsOurs).Select(r => r.Text("uid")).ToList();
        if (owner is null ? ours.Count == 0 : ours.Count == 1 && ours[0] == owner.Uid)
        {
            return;
        }

        await Cluster.ChangeAsync(
            BuiltInResources.PersistentVolumeClaims,
            claim,
            current =>
            {
                var references = current.Metadata.List("ownerReferences");
                references.Objects().Where(IsOurs).ToList().ForEach(r => references.Remove(r));
                if (owner is not null)
                {
                    references.Add((JsonNode)PodTemplate.ControllerReference(owner));
                }

                if (references.Count == 0)
                {
                    current.Metadata.Remove("ownerReferences");
                }

                return true;
            },
            cancellation);
    }
}

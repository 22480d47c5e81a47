using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>The ReplicaSet of the present template: found or made.</summary>
internal sealed partial class DeploymentController
{
    private async Task<(JsonObject Deployment, JsonObject? Set)> EnsureNewSetAsync(JsonObject deployment, List<JsonObject> owned, CancellationToken cancellation)
    {
        var present = Newest(deployment, owned);
        var revision = owned.Where(s => s.Uid != present?.Uid).Select(Revisions.Of).DefaultIfEmpty(0).Max() + 1;
        return present is not null
            ? await UseAsync(deployment, present, revision, cancellation)
            : await MakeAsync(deployment, owned, revision, cancellation);
    }

    private async Task<(JsonObject Deployment, JsonObject? Set)> UseAsync(JsonObject deployment, JsonObject present, long revision, CancellationToken cancellation)
    {
        var set = (JsonObject)present.DeepClone();
        var changed = Revisions.Annotate(deployment, set, revision, exists: true);
        var minReady = deployment.At("spec", "minReadySeconds").AsLong() ?? 0;
        if ((set.At("spec", "minReadySeconds").AsLong() ?? 0) != minReady)
        {
            set.Child("spec")["minReadySeconds"] = minReady;
            changed = true;
        }

        if (changed)
        {
            set = await Cluster.UpdateAsync(BuiltInResources.ReplicaSets, set, null, cancellation);
        }

        deployment = await NoteRevisionAsync(deployment, Revisions.Of(set), cancellation);
        if (DeploymentStatus.Deadline(deployment) is not null && deployment.Condition(DeploymentStatus.Progressing) is null)
        {
            deployment = await NoteProgressAsync(deployment, "True", "FoundNewReplicaSet", $"Found new replica set \"{set.Name}\"", cancellation);
        }

        return (deployment, set);
    }

    private async Task<(JsonObject Deployment, JsonObject? Set)> MakeAsync(
        JsonObject deployment, List<JsonObject> owned, long revision, CancellationToken cancellation)
    {
        var set = NewSet(deployment, owned, revision);
        JsonObject created;
        var isNew = true;
        try
        {
            created = await Cluster.CreateAsync(BuiltInResources.ReplicaSets, set, cancellation);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            created = Cluster.GetLive(BuiltInResources.ReplicaSets, set.Namespace, set.Name) ?? throw new RetryException("The replica set has just vanished.", e);
            if (created.Controller?.Text("uid") != deployment.Uid || !Revisions.SameTemplate(deployment, created))
            {
                // Somebody else's, or another template with the same hash: the next try hashes differently.
                var status = deployment.Status?.DeepClone() as JsonObject ?? [];
                status["collisionCount"] = (status["collisionCount"].AsLong() ?? 0) + 1;
                await UpdateStatusAsync(BuiltInResources.Deployments, deployment, status, cancellation);
                throw new RetryException($"The name {set.Name} is taken.", e);
            }

            isNew = false;
        }
        catch (ApiException e) when (PodControl.IsNamespaceEnding(e))
        {
            return (deployment, null);
        }
        catch (ApiException e)
        {
            var message = $"Failed to create new replica set \"{set.Name}\": {e.Message}";
            recorder.Record(deployment, EventType.Warning, "ReplicaSetCreateError", message);
            if (DeploymentStatus.Deadline(deployment) is not null)
            {
                await NoteProgressAsync(deployment, "False", "ReplicaSetCreateError", message, cancellation);
            }

            throw;
        }

        if (isNew && Rollout.Replicas(created) > 0)
        {
            recorder.Record(deployment, EventType.Normal, "ScalingReplicaSet", $"Scaled up replica set {created.Name} from 0 to {Rollout.Replicas(created)}");
        }

        deployment = await NoteRevisionAsync(deployment, Revisions.Of(created), cancellation);
        if (isNew && DeploymentStatus.Deadline(deployment) is not null)
        {
            deployment = await NoteProgressAsync(deployment, "True", "NewReplicaSetCreated", $"Created new replica set \"{created.Name}\"", cancellation);
        }

        return (deployment, created);
    }

    private static JsonObject NewSet(JsonObject deployment, List<JsonObject> owned, long revision)
    {
        var template = deployment.At("spec", "template")?.DeepClone() as JsonObject ?? [];
        var hash = TemplateHash.Of(template, deployment.At("status", "collisionCount").AsLong() ?? 0);
        var labels = template.Child("metadata").Child("labels");
        labels[Revisions.HashLabel] = hash;
        var selector = deployment.At("spec", "selector")?.DeepClone() as JsonObject ?? [];
        selector.Child("matchLabels")[Revisions.HashLabel] = hash;
        var spec = new JsonObject { ["replicas"] = Rollout.NewReplicas(deployment, owned, 0), ["selector"] = selector, ["template"] = template };
        if (deployment.At("spec", "minReadySeconds").AsLong() is { } minReady and > 0)
        {
            spec["minReadySeconds"] = minReady;
        }

        var set = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name}-{hash}",
                ["namespace"] = deployment.Namespace,
                ["labels"] = labels.DeepClone(),
                ["ownerReferences"] = new JsonArray(PodTemplate.ControllerReference(deployment)),
            },
            ["spec"] = spec,
        };
        Revisions.Annotate(deployment, set, revision, exists: false);
        return set;
    }

    private async Task<JsonObject> NoteRevisionAsync(JsonObject deployment, long revision, CancellationToken cancellation)
    {
        var text = revision.ToString(CultureInfo.InvariantCulture);
        if (deployment.Annotation(Revisions.Revision) == text)
        {
            return deployment;
        }

        var changed = (JsonObject)deployment.DeepClone();
        changed.Metadata.Child("annotations")[Revisions.Revision] = text;
        return await Cluster.UpdateAsync(BuiltInResources.Deployments, changed, null, cancellation);
    }

    private Task<JsonObject> NoteProgressAsync(JsonObject deployment, string value, string reason, string message, CancellationToken cancellation)
    {
        var status = deployment.Status?.DeepClone() as JsonObject ?? [];
        DeploymentStatus.Set(status, DeploymentStatus.New(DeploymentStatus.Progressing, value, reason, message, Stamp));
        return UpdateStatusAsync(BuiltInResources.Deployments, deployment, status, cancellation);
    }
}

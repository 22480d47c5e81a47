using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>What the Deployment says of itself.</summary>
internal sealed partial class DeploymentController
{
    private Task ReportCountsAsync(JsonObject deployment, List<JsonObject> all, JsonObject? current, CancellationToken cancellation) =>
        UpdateStatusAsync(BuiltInResources.Deployments, deployment, DeploymentStatus.Count(deployment, all, current, Stamp), cancellation);

    private async Task ReportAsync(JsonObject deployment, List<JsonObject> old, JsonObject? current, CancellationToken cancellation)
    {
        List<JsonObject> all = current is null ? old : [.. old, current];
        var before = deployment.Status ?? [];
        var status = DeploymentStatus.Count(deployment, all, current, Stamp);
        if (DeploymentStatus.Deadline(deployment) is null)
        {
            Conditions.Remove(status, DeploymentStatus.Progressing);
        }
        else
        {
            NoteProgress(deployment, before, status, current);
        }

        var failure = (current?.Condition("ReplicaFailure") ?? old.Select(s => s.Condition("ReplicaFailure")).FirstOrDefault(c => c is not null)) as JsonObject;
        if (failure is not null)
        {
            DeploymentStatus.Set(status, DeploymentStatus.New(
                "ReplicaFailure", failure.Text("status") ?? "True", failure.Text("reason") ?? "", failure.Text("message") ?? "", Stamp));
        }
        else
        {
            Conditions.Remove(status, "ReplicaFailure");
        }

        await UpdateStatusAsync(BuiltInResources.Deployments, deployment, status, cancellation);
        if (DeploymentStatus.UntilTimedOut(deployment, status, Now) is { } wait)
        {
            EnqueueAfter(NamespacedName.Of(deployment), wait + TimeSpan.FromSeconds(1));
        }
    }

    private void NoteProgress(JsonObject deployment, JsonObject before, JsonObject status, JsonObject? current)
    {
        var condition = Conditions.Find(status, DeploymentStatus.Progressing);
        var settled = DeploymentStatus.At(status, "replicas") == DeploymentStatus.At(status, "updatedReplicas")
            && condition?.Text("reason") == DeploymentStatus.Done;
        if (settled)
        {
            return;
        }

        var subject = current is null ? $"Deployment \"{deployment.Name}\"" : $"ReplicaSet \"{current.Name}\"";
        if (DeploymentStatus.IsComplete(deployment, status))
        {
            DeploymentStatus.Set(status, DeploymentStatus.New(
                DeploymentStatus.Progressing, "True", DeploymentStatus.Done, $"{subject} has successfully progressed.", Stamp));
        }
        else if (DeploymentStatus.HasProgressed(before, status))
        {
            // Every bit of progress starts the deadline anew.
            DeploymentStatus.Replace(status, DeploymentStatus.New(
                DeploymentStatus.Progressing, "True", "ReplicaSetUpdated", $"{subject} is progressing.", Stamp));
        }
        else if (DeploymentStatus.UntilTimedOut(deployment, status, Now) <= TimeSpan.Zero)
        {
            DeploymentStatus.Set(status, DeploymentStatus.New(
                DeploymentStatus.Progressing, "False", DeploymentStatus.TimedOut, $"{subject} has timed out progressing.", Stamp));
        }
    }
}

using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Creates and deletes a workload's pods, and tells of it in events.</summary>
internal sealed class PodControl(ClusterView cluster, EventRecorder recorder)
{
    public async Task<JsonObject?> CreateAsync(JsonObject pod, JsonObject owner, CancellationToken cancellation)
    {
        try
        {
            var created = await cluster.CreateAsync(BuiltInResources.Pods, pod, cancellation);
            recorder.Record(owner, EventType.Normal, "SuccessfulCreate", $"Created pod: {created.Name}");
            return created;
        }
        catch (ApiException e) when (IsNamespaceEnding(e))
        {
            // The namespace controller is about to delete the owner as well.
            return null;
        }
        catch (ApiException e)
        {
            recorder.Record(owner, EventType.Warning, "FailedCreate", $"Error creating: {e.Message}");
            throw;
        }
    }

    public async Task DeleteAsync(JsonObject pod, JsonObject owner, CancellationToken cancellation)
    {
        try
        {
            await cluster.DeleteAsync(BuiltInResources.Pods, pod, cancellation);
            recorder.Record(owner, EventType.Normal, "SuccessfulDelete", $"Deleted pod: {pod.Name}");
        }
        catch (ApiException e)
        {
            recorder.Record(owner, EventType.Warning, "FailedDelete", $"Error deleting: {e.Message}");
            throw;
        }
    }

    public static bool IsNamespaceEnding(ApiException e) =>
        e.Details?["causes"].Objects().Any(c => c.Text("reason") == "NamespaceTerminating") == true
        || (e.Code == 403 && e.Message.Contains("because it is being terminated", StringComparison.Ordinal));
}

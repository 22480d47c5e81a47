using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

public sealed partial class ObjectRegistry
{
    /// <summary>Puts a pod on a node (the binding subresource).</summary>
    /// <param name="binding">Its annotations and labels go to the pod; its uid, where given, must be the pod's.</param>
    public Task<WriteResult> BindAsync(
        ServedResource pods, string? ns, string name, string node, JsonObject binding, RequestContext context, CancellationToken cancellation)
    {
        if (node.Length == 0)
        {
            throw ApiErrors.Invalid(new("", "v1", "bindings", "Binding", Namespaced: true), name, "target.name", "FieldValueRequired", "Required value");
        }

        return ChangeAsync(pods, ns, name, new("binding", pod =>
        {
            if (pod.IsBeingDeleted)
            {
                throw ApiErrors.Conflict(pods.Resource, name, $"pod {name} is being deleted, cannot be assigned to a host");
            }

            if (pod.At("spec", "nodeName").AsText() is { Length: > 0 } bound)
            {
                throw ApiErrors.Conflict(pods.Resource, name, $"pod {name} is already assigned to node \"{bound}\"");
            }

            if (binding.Uid is { Length: > 0 } uid && uid != pod.Uid)
            {
                throw ApiErrors.Conflict(pods.Resource, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod.Uid}");
            }

            pod.Child("spec")["nodeName"] = node;
            SetCondition(pod, "PodScheduled", "True");
            return pod;
        }), context, cancellation);
    }

    /// <summary>Deletes a pod unless a disruption budget forbids it (the eviction subresource).</summary>
    public async Task EvictAsync(ServedResource pods, string ns, string name, DeleteOptions options, RequestContext context, CancellationToken cancellation)
    {
        var pod = Get(pods, ns, name);
        var finished = pod.Text("status", "phase") is "Succeeded" or "Failed" or "Pending" || pod.Text("metadata", "deletionTimestamp") is not null;
        if (!finished)
        {
            foreach (var stored in cluster.List(BuiltInResources.PodDisruptionBudgets, ns))
            {
                var budget = stored.ToTree();
                if (LabelSelector.FromObject(budget.At("spec", "selector")).Matches(pod.Labels)
                    && (budget.At("status", "disruptionsAllowed").AsLong() ?? 0) <= 0)
                {
                    throw new ApiException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject
                    {
                        ["causes"] = new JsonArray(new JsonObject
                        {
                            ["reason"] = "DisruptionBudget",
                            ["message"] = $"The disruption budget {budget.Name} needs {budget.At("status", "desiredHealthy").AsLong() ?? 0} healthy pods and has {budget.At("status", "currentHealthy").AsLong() ?? 0} currently",
                        }),
                    });
                }
            }
        }

        await DeleteAsync(pods, ns, name, options, context, cancellation);
    }

    private void SetCondition(JsonObject obj, string type, string status)
    {
        var conditions = obj.Child("status").List("conditions");
        var condition = conditions.Objects().FirstOrDefault(c => c.Text("type") == type);
        if (condition is not null)
        {
            conditions.Remove(condition);
        }

        var now = Timestamps.Format(Now);
        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = condition?.Text("status") == status ? condition.Text("lastTransitionTime") : now,
        });
    }
}

using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Strategies;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    private static readonly string[] OwnConditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

    private string published = "";
    private JsonArray conditions = [];

    /// <summary>Writes the status where it has changed since it was written last.</summary>
    private async Task PublishAsync(CancellationToken cancellation)
    {
        if (!isRemoved)
        {
            var status = BuildStatus();
            var text = status.ToJsonString();
            if (text != published)
            {
                var changed = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Pod",
                    ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns, ["uid"] = uid },
                    ["status"] = status,
                };
                try
                {
                    await context.Cluster.UpdateAsync(BuiltInResources.Pods, changed, "status", cancellation);
                    published = text;
                }
                catch (ApiException e) when (e.IsNotFound || e.IsConflict)
                {
                    // Gone, or another pod of the same name by now: the watch will tell.
                    published = text;
                }
            }
        }

        RemoveSpent();
        if (ending is not null && isTornDown)
        {
            await DeleteObjectAsync(cancellation);
        }
    }

    private JsonObject BuildStatus()
    {
        var generation = pod.Generation;
        var status = new JsonObject();
        if (generation > 0)
        {
            status["observedGeneration"] = generation;
        }

        status["phase"] = Phase();
        status["conditions"] = Conditions(generation);
        if (finalMessage is not null)
        {
            status["message"] = finalMessage;
        }

        if (finalReason is not null)
        {
            status["reason"] = finalReason;
        }

        var host = context.Options.Network.NodeAddress.ToString();
        status["hostIP"] = host;
        status["hostIPs"] = new JsonArray((JsonNode)new JsonObject { ["ip"] = host });
        if (address is not null)
        {
            status["podIP"] = address.ToString();
            status["podIPs"] = new JsonArray((JsonNode)new JsonObject { ["ip"] = address.ToString() });
        }

        status["startTime"] = Timestamps.Format(startTime ?? Now);
        var inits = containers.Where(c => c.Role != ContainerRole.Main).ToList();
        if (inits.Count > 0)
        {
            var isFirst = true;
            var list = new JsonArray();
            foreach (var container in inits)
            {
                // The one whose turn it is is being created; those after it wait for it.
                list.Add((JsonNode)PodStatus.ContainerStatus(container, isInitialized || isFirst));
                isFirst &= container.Role == ContainerRole.Init ? container.Exit is { ExitCode: 0 } : container.IsRunning && container.Started;
            }

            status["initContainerStatuses"] = list;
        }

        var isReadyForMains = isInitialized || inits.Count == 0;
        status["containerStatuses"] = new JsonArray([.. Mains.Select(c => (JsonNode)PodStatus.ContainerStatus(c, isReadyForMains))]);
        status["qosClass"] = pod.At("status", "qosClass").AsText() ?? QualityOfService.Of(pod.Spec ?? []);
        return status;
    }

    private string Phase()
    {
        // Not before the last container has ended: what follows a pod must not see it over while it runs.
        if (finalPhase is not null && (isTornDown || containers.TrueForAll(c => !c.IsRunning)))
        {
            return finalPhase;
        }

        if (!isInitialized && containers.Exists(c => c.Role != ContainerRole.Main))
        {
            return "Pending";
        }

        return Mains.Any(c => !c.HasRun) ? "Pending" : "Running";
    }

    private JsonArray Conditions(long generation)
    {
        var now = Now;
        var before = conditions;
        var isCompleted = finalPhase == "Succeeded";
        var reason = isCompleted ? "PodCompleted" : finalPhase == "Failed" ? "PodFailed" : null;
        var uninitialized = containers.Where(c => c.Role == ContainerRole.Init ? c.Exit is not { ExitCode: 0 } : c.Role == ContainerRole.Sidecar && !isInitialized && !(c.IsRunning && c.Started))
            .Select(c => c.Name).ToList();
        var initialized = isInitialized || uninitialized.Count == 0;
        var unready = containers.Where(c => c.Role != ContainerRole.Init && !PodStatus.IsReady(c)).Select(c => c.Name).ToList();
        var allReady = finalPhase is null && initialized && unready.Count == 0;
        var waiting = $"containers with unready status: [{string.Join(' ', unready)}]";
        var gate = MissingGate();

        var list = new JsonArray(
            PodStatus.Condition(before, "PodReadyToStartContainers", isPrepared, null, null, generation, now),
            PodStatus.Condition(
                before, "Initialized", initialized, isCompleted && initialized ? reason : initialized ? null : "ContainersNotInitialized",
                initialized ? null : $"containers with incomplete status: [{string.Join(' ', uninitialized)}]", generation, now),
            allReady && gate is not null
                ? PodStatus.Condition(before, "Ready", false, "ReadinessGatesNotReady", gate, generation, now)
                : PodStatus.Condition(before, "Ready", allReady, allReady ? null : reason ?? "ContainersNotReady", allReady || reason is not null ? null : waiting, generation, now),
            PodStatus.Condition(before, "ContainersReady", allReady, allReady ? null : reason ?? "ContainersNotReady", allReady || reason is not null ? null : waiting, generation, now));
        conditions = (JsonArray)list.DeepClone();
        list.Add(pod.Condition("PodScheduled")?.DeepClone() ?? PodStatus.Condition(pod.At("status", "conditions"), "PodScheduled", true, null, null, generation, startTime ?? now));

        // What others say about the pod (readiness gates, disruption) stays.
        foreach (var other in pod.At("status", "conditions").Objects().Where(c => !OwnConditions.Contains(c.Text("type"), StringComparer.Ordinal)))
        {
            list.Add(other.DeepClone());
        }

        return list;
    }

    private string? MissingGate()
    {
        foreach (var gate in pod.At("spec", "readinessGates").Objects())
        {
            var type = gate.Text("conditionType") ?? "";
            if (pod.Condition(type)?.Text("status") != "True")
            {
                return $"corresponding condition of pod readiness gate \"{type}\" {(pod.Condition(type) is null ? "does not exist." : "is not \"True\".")}";
            }
        }

        return null;
    }
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>
/// Tells from one object alone whether it is as it was asked to be, by kstatus' rules per kind, with one difference that a launch needs:
/// a Job is current when it is complete, not when it has started.
/// Source: kubernetes-sigs/cli-utils <c>pkg/kstatus/status</c>.
/// </summary>
public static class KStatus
{
    public static ObjectStatus Of(JsonObject obj)
    {
        if (obj.IsBeingDeleted)
        {
            return new(ObjectState.Terminating, "is being deleted");
        }

        if (obj.Status?["observedGeneration"].AsLong() is { } observed && observed < obj.Generation)
        {
            return ObjectStatus.InProgress("the last change has not been seen yet");
        }

        if (IsTrue(obj, "Stalled"))
        {
            return ObjectStatus.Failed(Message(obj, "Stalled", "is stalled"));
        }

        if (IsTrue(obj, "Reconciling"))
        {
            return ObjectStatus.InProgress(Message(obj, "Reconciling", "is being reconciled"));
        }

        return (obj.GroupVersionKind.Group, obj.Kind) switch
        {
            ("apps", "Deployment") => Deployment(obj),
            ("apps", "ReplicaSet") => ReplicaSet(obj),
            ("apps", "StatefulSet") => StatefulSet(obj),
            ("apps", "DaemonSet") => DaemonSet(obj),
            ("batch", "Job") => Job(obj),
            ("", "Pod") => Pod(obj),
            ("", "PersistentVolumeClaim") => Claim(obj),
            ("", "Service") => Service(obj),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Definition(obj),
            _ => Generic(obj),
        };
    }

    private static ObjectStatus Deployment(JsonObject obj)
    {
        if (obj.Condition("Progressing") is { } progressing && progressing.Text("reason") == "ProgressDeadlineExceeded")
        {
            return ObjectStatus.Failed(progressing.Text("message") ?? "did not progress in time");
        }

        var wanted = obj.Spec?["replicas"].AsInt() ?? 1;
        var (total, updated, ready, available) = (Count(obj, "replicas"), Count(obj, "updatedReplicas"), Count(obj, "readyReplicas"), Count(obj, "availableReplicas"));
        if (obj.Status?["observedGeneration"] is null)
        {
            return ObjectStatus.InProgress("no controller has seen it yet");
        }

        if (updated < wanted)
        {
            return ObjectStatus.InProgress($"{updated} of {wanted} pods are of the new version");
        }

        if (total > updated)
        {
            return ObjectStatus.InProgress($"{total - updated} old pods are still ending");
        }

        if (available < wanted)
        {
            return ObjectStatus.InProgress($"{available} of {wanted} pods are available");
        }

        return ready < wanted ? ObjectStatus.InProgress($"{ready} of {wanted} pods are ready") : ObjectStatus.Current($"{wanted} of {wanted} ready");
    }

    private static ObjectStatus ReplicaSet(JsonObject obj)
    {
        if (IsTrue(obj, "ReplicaFailure"))
        {
            return ObjectStatus.InProgress(Message(obj, "ReplicaFailure", "pods cannot be created"));
        }

        var wanted = obj.Spec?["replicas"].AsInt() ?? 1;
        var (labelled, available, ready) = (Count(obj, "fullyLabeledReplicas"), Count(obj, "availableReplicas"), Count(obj, "readyReplicas"));
        return labelled < wanted || available < wanted || ready < wanted || Count(obj, "replicas") > wanted
            ? ObjectStatus.InProgress($"{ready} of {wanted} pods are ready")
            : ObjectStatus.Current($"{wanted} of {wanted} ready");
    }

    private static ObjectStatus StatefulSet(JsonObject obj)
    {
        var wanted = obj.Spec?["replicas"].AsInt() ?? 1;
        var (total, ready, updated) = (Count(obj, "replicas"), Count(obj, "readyReplicas"), Count(obj, "updatedReplicas"));
        if (obj.At("spec", "updateStrategy", "type").AsText() == "OnDelete")
        {
            return ObjectStatus.Current("is updated when its pods are deleted");
        }

        if (total != wanted)
        {
            return ObjectStatus.InProgress($"{total} of {wanted} pods exist");
        }

        if (ready < wanted)
        {
            return ObjectStatus.InProgress($"{ready} of {wanted} pods are ready");
        }

        var partition = obj.At("spec", "updateStrategy", "rollingUpdate", "partition").AsInt() ?? 0;
        if (partition > 0)
        {
            return updated < wanted - partition
                ? ObjectStatus.InProgress($"{updated} of {wanted - partition} pods are of the new version")
                : ObjectStatus.Current($"{ready} of {wanted} ready, partitioned at {partition}");
        }

        return obj.Status?.Text("currentRevision") != obj.Status?.Text("updateRevision")
            ? ObjectStatus.InProgress($"{updated} of {wanted} pods are of the new version")
            : ObjectStatus.Current($"{wanted} of {wanted} ready");
    }

    private static ObjectStatus DaemonSet(JsonObject obj)
    {
        if (obj.Status?["observedGeneration"] is null)
        {
            return ObjectStatus.InProgress("no controller has seen it yet");
        }

        var wanted = Count(obj, "desiredNumberScheduled");
        var (current, updated, available, ready) =
            (Count(obj, "currentNumberScheduled"), Count(obj, "updatedNumberScheduled"), Count(obj, "numberAvailable"), Count(obj, "numberReady"));
        return current < wanted || updated < wanted || available < wanted || ready < wanted
            ? ObjectStatus.InProgress($"{ready} of {wanted} pods are ready")
            : ObjectStatus.Current($"{wanted} of {wanted} ready");
    }

    private static ObjectStatus Job(JsonObject obj)
    {
        if (obj.Condition("Failed") is { } failed && failed.Text("status") == "True")
        {
            return ObjectStatus.Failed(failed.Text("message") ?? "failed");
        }

        if (IsTrue(obj, "Complete"))
        {
            return ObjectStatus.Current("completed");
        }

        if (IsTrue(obj, "Suspended"))
        {
            return ObjectStatus.Current("is suspended");
        }

        var wanted = obj.Spec?["completions"].AsInt() ?? 1;
        return ObjectStatus.InProgress($"{Count(obj, "succeeded")} of {wanted} completed");
    }

    private static ObjectStatus Pod(JsonObject obj) => obj.Status?.Text("phase") switch
    {
        "Succeeded" => ObjectStatus.Current("completed"),
        "Failed" => ObjectStatus.Failed(obj.Status?.Text("message") ?? "failed"),
        "Running" when IsTrue(obj, "Ready") => ObjectStatus.Current("ready"),
        "Running" => ObjectStatus.InProgress("is running, not ready"),
        _ => ObjectStatus.InProgress(Message(obj, "PodScheduled", "is pending")),
    };

    private static ObjectStatus Claim(JsonObject obj) => obj.Status?.Text("phase") switch
    {
        "Bound" => ObjectStatus.Current("bound"),
        "Lost" => ObjectStatus.Failed("its volume is lost"),
        _ => ObjectStatus.InProgress("is not bound"),
    };

    private static ObjectStatus Service(JsonObject obj) =>
        obj.At("spec", "type").AsText() == "LoadBalancer" && obj.At("spec", "clusterIP").AsText() is null or ""
            ? ObjectStatus.InProgress("has no address yet")
            : ObjectStatus.Current("has an address");

    private static ObjectStatus Definition(JsonObject obj)
    {
        if (obj.Condition("NamesAccepted") is { } names && names.Text("status") == "False")
        {
            return ObjectStatus.Failed(names.Text("message") ?? "its names are taken");
        }

        return IsTrue(obj, "Established") ? ObjectStatus.Current("established") : ObjectStatus.InProgress("is not established");
    }

    private static ObjectStatus Generic(JsonObject obj) => obj.Condition("Ready") is { } ready
        ? ready.Text("status") == "True" ? ObjectStatus.Current("ready") : ObjectStatus.InProgress(ready.Text("message") ?? "is not ready")
        : ObjectStatus.Current("exists");

    private static int Count(JsonObject obj, string name) => obj.Status?[name].AsInt() ?? 0;

    private static bool IsTrue(JsonObject obj, string condition) => obj.Condition(condition)?.Text("status") == "True";

    private static string Message(JsonObject obj, string condition, string otherwise) =>
        obj.Condition(condition)?.Text("message") is { Length: > 0 } text ? text : otherwise;
}

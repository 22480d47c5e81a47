using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Makes pods from a workload's template.</summary>
internal static class PodTemplate
{
    /// <summary>A pod of the template, controlled by the owner; named by the API, after the owner.</summary>
    public static JsonObject NewPod(JsonObject template, JsonObject owner)
    {
        var metadata = new JsonObject { ["generateName"] = Prefix(owner.Name), ["namespace"] = owner.Namespace };
        foreach (var part in (ReadOnlySpan<string>)["labels", "annotations", "finalizers"])
        {
            if (template.At("metadata", part) is { } value)
            {
                metadata[part] = value.DeepClone();
            }
        }

        metadata["ownerReferences"] = new JsonArray(ControllerReference(owner));
        return new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        };
    }

    public static JsonObject ControllerReference(JsonObject owner) => new()
    {
        ["apiVersion"] = owner.ApiVersion,
        ["kind"] = owner.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>The generateName of an owner's pods: long names are cut where five more characters would not fit.</summary>
    public static string Prefix(string owner) => $"{owner}-";
}

using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

/// <summary>The scale subresource: autoscaling/v1 Scale as a view of an object.</summary>
internal static class Scale
{
    public static JsonObject Of(JsonObject obj, ServedResource resource)
    {
        var paths = resource.Custom?.Scale ?? ScalePaths.BuiltIn;
        var metadata = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (obj.Metadata[name] is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        var status = new JsonObject { ["replicas"] = obj.At(Path(paths.StatusReplicas)).AsLong() ?? 0 };
        if (Selector(obj, resource, paths) is { Length: > 0 } selector)
        {
            status["selector"] = selector;
        }

        var spec = new JsonObject();
        if (obj.At(Path(paths.SpecReplicas)).AsLong() is { } replicas and not 0)
        {
            spec["replicas"] = replicas;
        }

        return new() { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    /// <summary>The object with the replicas of this Scale.</summary>
    public static JsonObject Replace(JsonObject obj, JsonObject scale, ServedResource resource)
    {
        if (scale.Name is { Length: > 0 } name && name != obj.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({obj.Name})");
        }

        if (scale.ResourceVersion is { Length: > 0 } version && version != obj.ResourceVersion)
        {
            throw ApiErrors.Modified(resource.Resource, obj.Name);
        }

        if (scale.At("spec", "replicas") is { } given && given.AsLong() is null)
        {
            throw ApiErrors.BadRequest("Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32");
        }

        var replicas = scale.At("spec", "replicas").AsLong() ?? 0;
        if (replicas < 0)
        {
            throw ApiErrors.Invalid(new("autoscaling", "v1", "scales", "Scale", Namespaced: true), obj.Name, "spec.replicas", "FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0");
        }

        var path = Path((resource.Custom?.Scale ?? ScalePaths.BuiltIn).SpecReplicas);
        var parent = obj;
        foreach (var step in path.AsSpan(..^1))
        {
            parent = parent.Child(step);
        }

        parent[path[^1]] = replicas;
        return obj;
    }

    private static string Selector(JsonObject obj, ServedResource resource, ScalePaths paths) =>
        resource.Custom is null ? SelectorText(obj.At("spec", "selector"))
        : paths.LabelSelector is { } path ? obj.At(Path(path)).AsText() ?? "" : "";

    private static string SelectorText(JsonNode? selector) =>
        selector.At("matchLabels") is not null || selector.At("matchExpressions") is not null
            ? LabelSelector.FromObject(selector).ToString()
            : LabelSelector.FromMap(selector).ToString();

    /// <summary><c>.spec.replicas</c> as steps.</summary>
    private static string[] Path(string path) => path.Split('.', StringSplitOptions.RemoveEmptyEntries);
}

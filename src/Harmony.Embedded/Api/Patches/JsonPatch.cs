using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

/// <summary>RFC 6902: a list of operations.</summary>
public static class JsonPatch
{
    /// <summary>kube-apiserver's bound on the operations of one patch.</summary>
    private const int MaxOperations = 10_000;

    /// <summary>Applies the operations to a copy and returns it.</summary>
    /// <exception cref="ApiException">400: this is no patch; 413: it is too long; 422: it does not fit the object, or a test failed.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw Refusals.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        }

        if (operations.Count > MaxOperations)
        {
            throw new ApiException(
                413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        }

        JsonNode? root = target.DeepClone();
        foreach (var operation in operations)
        {
            root = operation is JsonObject o ? Step(root, o) : throw Refusals.BadRequest("error decoding patch: an operation is no object");
        }

        return root as JsonObject ?? throw Refusals.PatchRejected();
    }

    private static JsonNode? Step(JsonNode? root, JsonObject operation)
    {
        var path = Pointer(operation.Text("path"));
        switch (operation.Text("op"))
        {
            case "add":
                return Add(root, path, Value(operation));
            case "remove":
                Remove(root, path);
                return root;
            case "replace":
                if (path.Length == 0)
                {
                    return Value(operation);
                }

                Get(root, path);
                Remove(root, path);
                return Add(root, path, Value(operation));
            case "move":
                var from = Pointer(operation.Text("from"));
                var moved = Get(root, from)?.DeepClone();
                Remove(root, from);
                return Add(root, path, moved);
            case "copy":
                return Add(root, path, Get(root, Pointer(operation.Text("from")))?.DeepClone());
            case "test":
                return JsonNode.DeepEquals(Peek(root, path), operation["value"]) ? root : throw Refusals.PatchRejected();
            default:
                throw Refusals.PatchRejected();
        }
    }

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value) ? value?.DeepClone() : throw Refusals.PatchRejected();

    private static string[] Pointer(string? text)
    {
        if (text is null || (text.Length > 0 && text[0] != '/'))
        {
            throw Refusals.PatchRejected();
        }

        return text.Length == 0 ? [] : [.. text[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    /// <summary>The value at a path; null also where there is none, which is what a test compares with.</summary>
    private static JsonNode? Peek(JsonNode? node, string[] path)
    {
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject o => o.TryGetPropertyValue(step, out var member) ? member : null,
                JsonArray a when Index(step, a.Count - 1) is { } i => a[i],
                _ => throw Refusals.PatchRejected(),
            };
        }

        return node;
    }

    private static JsonNode? Get(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject o when o.TryGetPropertyValue(step, out var member) => member,
                JsonArray a when Index(step, a.Count - 1) is { } i => a[i],
                _ => throw Refusals.PatchRejected(),
            };
        }

        return node;
    }

    private static JsonNode? Add(JsonNode? root, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }

        switch (Get(root, path.AsSpan()[..^1]))
        {
            case JsonObject o:
                o[path[^1]] = value;
                return root;
            case JsonArray a when path[^1] == "-":
                a.Add(value);
                return root;
            case JsonArray a when Index(path[^1], a.Count) is { } i:
                a.Insert(i, value);
                return root;
            default:
                throw Refusals.PatchRejected();
        }
    }

    private static void Remove(JsonNode? root, string[] path)
    {
        switch (path.Length == 0 ? null : Get(root, path.AsSpan()[..^1]))
        {
            case JsonObject o when o.Remove(path[^1]):
                return;
            case JsonArray a when Index(path[^1], a.Count - 1) is { } i:
                a.RemoveAt(i);
                return;
            default:
                throw Refusals.PatchRejected();
        }
    }

    private static int? Index(string step, int max) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= max ? index : null;
}

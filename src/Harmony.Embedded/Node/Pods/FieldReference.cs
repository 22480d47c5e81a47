using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

/// <summary>The downward API: what of a pod a container may be told (fieldRef).</summary>
internal static class FieldReference
{
    public static string Read(string path, JsonObject pod, NodeOptions options) => path switch
    {
        "metadata.name" => pod.Name,
        "metadata.namespace" => pod.Namespace ?? "",
        "metadata.uid" => pod.Uid,
        "metadata.labels" => Format(pod.Labels),
        "metadata.annotations" => Format(pod.Annotations),
        "spec.nodeName" => options.NodeName,
        "spec.serviceAccountName" => pod.At("spec", "serviceAccountName").AsText() ?? "default",
        "status.hostIP" or "status.hostIPs" => options.Network.NodeAddress.ToString(),
        "status.podIP" => pod.At("status", "podIP").AsText() ?? "",
        "status.podIPs" => string.Join(',', pod.At("status", "podIPs").Objects().Select(i => i.Text("ip"))),
        _ when Subscript(path, "metadata.labels") is { } key => pod.Label(key) ?? "",
        _ when Subscript(path, "metadata.annotations") is { } key => pod.Annotation(key) ?? "",
        _ => throw new ContainerException(ContainerError.CreateContainerConfigError, $"unsupported fieldPath: {path}"),
    };

    private static string? Subscript(string path, string prefix) =>
        path.StartsWith(prefix + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(prefix.Length + 2)..^2] : null;

    private static string Format(IReadOnlyDictionary<string, string> map)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            text.Append(key).Append("=\"")
                .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append("\"\n");
        }

        return text.ToString();
    }
}

/// <summary>What a container may use of the machine, told to it (resourceFieldRef).</summary>
internal static class ResourceReference
{
    /// <param name="self">The container that asks; null in a volume, where the reference names it.</param>
    public static string Read(JsonObject reference, JsonObject pod, JsonObject? self, NodeOptions options)
    {
        var name = reference.Text("containerName");
        var container = name is null or "" ? self : pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()).FirstOrDefault(c => c.Text("name") == name);
        var resource = reference.Text("resource") ?? "";
        var parts = resource.Split('.', 2);
        if (container is null || parts.Length != 2 || parts[0] is not ("limits" or "requests"))
        {
            throw new ContainerException(ContainerError.CreateContainerConfigError, $"unsupported container resource : {resource}");
        }

        // A limit that is not set is what the node has; a request that is not set is nothing.
        var value = container.At("resources", parts[0], parts[1]).AsQuantity()?.ToDecimal()
            ?? (parts[0] == "requests" ? container.At("resources", "limits", parts[1]).AsQuantity()?.ToDecimal() ?? 0 : options.Capacity(parts[1]));
        var divisor = reference["divisor"].AsQuantity()?.ToDecimal() is { } d && d != 0 ? d : 1;
        return ((long)Math.Ceiling(value / divisor)).ToString(CultureInfo.InvariantCulture);
    }
}

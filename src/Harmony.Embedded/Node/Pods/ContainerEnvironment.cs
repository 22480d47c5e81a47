using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

/// <summary>Gathers a container's environment from everything that a pod may name: values, ConfigMaps, Secrets, fields, resources, services.</summary>
internal sealed class ContainerEnvironment(IClusterClient cluster, NodeOptions options, JsonObject pod, JsonObject container)
{
    private readonly Dictionary<string, string> variables = new(StringComparer.Ordinal);

    /// <exception cref="ContainerException"><see cref="ContainerError.CreateContainerConfigError"/>, with the kubelet's words for what is missing.</exception>
    public IReadOnlyDictionary<string, string> Build()
    {
        var services = ServiceEnvironment.Of(cluster, pod);
        foreach (var source in container["envFrom"].Objects())
        {
            AddAll(source);
        }

        foreach (var variable in container["env"].Objects())
        {
            var name = variable.Text("name") ?? "";
            if (Value(variable, services) is { } value)
            {
                variables[name] = value;
            }
        }

        foreach (var (name, value) in services)
        {
            variables.TryAdd(name, value);
        }

        return variables;
    }

    private void AddAll(JsonObject source)
    {
        var prefix = source.Text("prefix") ?? "";
        if (source["configMapRef"] is JsonObject map)
        {
            foreach (var (key, value) in Find(BuiltInResources.ConfigMaps, "configmap", map)?["data"].AsTextMap() ?? new Dictionary<string, string>())
            {
                variables[prefix + key] = value;
            }
        }

        if (source["secretRef"] is JsonObject secret)
        {
            foreach (var (key, value) in Find(BuiltInResources.Secrets, "secret", secret)?["data"].AsTextMap() ?? new Dictionary<string, string>())
            {
                variables[prefix + key] = Decode(value);
            }
        }
    }

    private string? Value(JsonObject variable, Dictionary<string, string> services)
    {
        if (variable["valueFrom"] is not JsonObject from)
        {
            return VariableExpansion.Expand(variable.Text("value") ?? "", n => variables.GetValueOrDefault(n) ?? services.GetValueOrDefault(n));
        }

        if (from["fieldRef"] is JsonObject field)
        {
            return FieldReference.Read(field.Text("fieldPath") ?? "", pod, options);
        }

        if (from["resourceFieldRef"] is JsonObject resource)
        {
            return ResourceReference.Read(resource, pod, container, options);
        }

        if (from["configMapKeyRef"] is JsonObject map)
        {
            return Key(BuiltInResources.ConfigMaps, "configmap", "ConfigMap", map);
        }

        return from["secretKeyRef"] is JsonObject secret && Key(BuiltInResources.Secrets, "secret", "Secret", secret) is { } encoded ? Decode(encoded) : null;
    }

    private string? Key(ApiResource resource, string word, string kind, JsonObject reference)
    {
        if (Find(resource, word, reference) is not { } found)
        {
            return null;
        }

        var key = reference.Text("key") ?? "";
        return found.At("data", key).AsText() ?? (reference["optional"].AsBool() == true
            ? null
            : throw new ContainerException(ContainerError.CreateContainerConfigError, $"couldn't find key {key} in {kind} {pod.Namespace}/{reference.Text("name")}"));
    }

    private JsonObject? Find(ApiResource resource, string word, JsonObject reference)
    {
        var name = reference.Text("name") ?? "";
        return cluster.Get(resource, pod.Namespace, name) ?? (reference["optional"].AsBool() == true
            ? null
            : throw new ContainerException(ContainerError.CreateContainerConfigError, $"{word} \"{name}\" not found"));
    }

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}

/// <summary>The variables that name a namespace's services, as <c>REDIS_SERVICE_HOST</c> and Docker's older <c>REDIS_PORT_6379_TCP_ADDR</c>.</summary>
internal static class ServiceEnvironment
{
    public static Dictionary<string, string> Of(IClusterClient cluster, JsonObject pod)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (cluster.Get(BuiltInResources.Services, "default", "kubernetes") is { } api)
        {
            Add(variables, api);
        }

        if (pod.At("spec", "enableServiceLinks").AsBool() != false)
        {
            foreach (var service in cluster.List(BuiltInResources.Services, pod.Namespace))
            {
                Add(variables, service);
            }
        }

        return variables;
    }

    private static void Add(Dictionary<string, string> variables, JsonObject service)
    {
        if (service.At("spec", "clusterIP").AsText() is not { Length: > 0 } address || address == "None")
        {
            return;
        }

        var name = Upper(service.Name);
        var first = true;
        foreach (var port in service.At("spec", "ports").Objects())
        {
            var number = $"{port["port"].AsLong()}";
            var protocol = (port.Text("protocol") ?? "TCP").ToUpperInvariant();
            var url = $"{protocol.ToLowerInvariant()}://{address}:{number}";
            if (first)
            {
                variables[$"{name}_SERVICE_HOST"] = address;
                variables[$"{name}_SERVICE_PORT"] = number;
                variables[$"{name}_PORT"] = url;
                first = false;
            }

            if (port.Text("name") is { Length: > 0 } portName)
            {
                variables[$"{name}_SERVICE_PORT_{Upper(portName)}"] = number;
            }

            var prefix = $"{name}_PORT_{number}_{protocol}";
            variables[prefix] = url;
            variables[prefix + "_PROTO"] = protocol.ToLowerInvariant();
            variables[prefix + "_PORT"] = number;
            variables[prefix + "_ADDR"] = address;
        }
    }

    private static string Upper(string name) => name.Replace('-', '_').ToUpperInvariant();
}

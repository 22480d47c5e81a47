using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>ConfigMaps and Secrets.</summary>
internal static class ConfigValidation
{
    /// <summary>All values together, in bytes.</summary>
    private const int MaxSize = 1024 * 1024;

    private static readonly Dictionary<string, string[]> NeededKeys = new(StringComparer.Ordinal)
    {
        ["kubernetes.io/tls"] = ["tls.crt", "tls.key"],
        ["kubernetes.io/ssh-auth"] = ["ssh-privatekey"],
        ["kubernetes.io/dockerconfigjson"] = [".dockerconfigjson"],
        ["kubernetes.io/dockercfg"] = [".dockercfg"],
    };

    public static void ConfigMap(JsonObject obj, FieldErrors errors)
    {
        var size = 0L;
        foreach (var (key, value) in obj["data"].AsTextMap())
        {
            errors.All($"data[{key}]", key, Names.ConfigKey(key));
            if (obj.At("binaryData", key) is not null)
            {
                errors.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            }

            size += Encoding.UTF8.GetByteCount(value);
        }

        foreach (var (key, value) in obj["binaryData"].AsTextMap())
        {
            errors.All($"binaryData[{key}]", key, Names.ConfigKey(key));
            size += Size(value);
        }

        if (size > MaxSize)
        {
            // kube-apiserver's path is empty here, which it writes so.
            errors.TooLong("[]", MaxSize);
        }
    }

    public static void Secret(JsonObject obj, FieldErrors errors)
    {
        var size = 0L;
        foreach (var (key, value) in obj["data"].AsTextMap())
        {
            errors.All($"data[{key}]", key, Names.ConfigKey(key));
            size += Size(value);
        }

        if (size > MaxSize)
        {
            errors.TooLong("data", MaxSize);
        }

        var type = obj.Text("type") ?? "";
        foreach (var key in NeededKeys.GetValueOrDefault(type, []))
        {
            if (obj.At("data", key).AsText() is not { } value)
            {
                errors.Required($"data[{key}]");
            }
            else if (type.StartsWith("kubernetes.io/docker", StringComparison.Ordinal) && !IsJson(value))
            {
                errors.Invalid($"data[{key}]", "<secret contents redacted>", "invalid character in JSON");
            }
        }

        switch (type)
        {
            case "kubernetes.io/service-account-token" when string.IsNullOrEmpty(obj.Annotation("kubernetes.io/service-account.name")):
                errors.Required("metadata.annotations[kubernetes.io/service-account.name]");
                break;
            case "kubernetes.io/basic-auth" when obj.At("data", "username") is null && obj.At("data", "password") is null:
                errors.Required("data[username]");
                errors.Required("data[password]");
                break;
        }
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors, string? binary)
    {
        if (old["immutable"].AsBool() != true)
        {
            return;
        }

        const string Why = "field is immutable when `immutable` is set";
        if (obj["immutable"].AsBool() != true)
        {
            errors.Forbidden("immutable", Why);
        }

        if (!JsonNode.DeepEquals(obj["data"], old["data"]))
        {
            errors.Forbidden("data", Why);
        }

        if (binary is not null && !JsonNode.DeepEquals(obj[binary], old[binary]))
        {
            errors.Forbidden(binary, Why);
        }
    }

    private static long Size(string base64) => (base64.Length * 3L / 4) - base64.AsSpan().Count('=');

    private static bool IsJson(string base64)
    {
        try
        {
            using var document = JsonDocument.Parse(Convert.FromBase64String(base64));
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return false;
        }
    }
}

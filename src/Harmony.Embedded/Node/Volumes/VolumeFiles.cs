using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Node.Pods;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>Collects the files of volumes that are made from objects: configMap, secret, downwardAPI, projected.</summary>
internal sealed class VolumeFiles(IClusterClient cluster, NodeOptions options, JsonObject pod)
{
    private readonly Dictionary<string, VolumeFile> files = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, VolumeFile> Files => files;

    /// <summary>When the first token among the files wants to be made anew; null where there is none.</summary>
    public DateTimeOffset? RefreshAt { get; private set; }

    public void AddConfigMap(JsonObject source, int mode, string nameField = "name")
    {
        var name = source.Text(nameField) ?? "";
        var optional = source["optional"].AsBool() == true;
        if (cluster.Get(BuiltInResources.ConfigMaps, pod.Namespace, name) is not { } map)
        {
            if (!optional)
            {
                throw new VolumeException($"configmap \"{name}\" not found");
            }

            return;
        }

        var content = map["data"].AsTextMap().ToDictionary(p => p.Key, p => Encoding.UTF8.GetBytes(p.Value), StringComparer.Ordinal);
        foreach (var (key, value) in map["binaryData"].AsTextMap())
        {
            content[key] = Convert.FromBase64String(value);
        }

        AddItems(source, content, mode, optional, "configmap references non-existent config key");
    }

    public void AddSecret(JsonObject source, int mode, string nameField = "name")
    {
        var name = source.Text(nameField) ?? "";
        var optional = source["optional"].AsBool() == true;
        if (cluster.Get(BuiltInResources.Secrets, pod.Namespace, name) is not { } secret)
        {
            if (!optional)
            {
                throw new VolumeException($"secret \"{name}\" not found");
            }

            return;
        }

        var content = secret["data"].AsTextMap().ToDictionary(p => p.Key, p => Convert.FromBase64String(p.Value), StringComparer.Ordinal);
        AddItems(source, content, mode, optional, "references non-existent secret key");
    }

    public void AddDownwardApi(JsonObject source, int mode)
    {
        foreach (var item in source["items"].Objects())
        {
            var value = item["fieldRef"] is JsonObject field
                ? FieldReference.Read(field.Text("fieldPath") ?? "", pod, options)
                : ResourceReference.Read(item["resourceFieldRef"] as JsonObject ?? [], pod, null, options);
            files[item.Text("path") ?? ""] = new(Encoding.UTF8.GetBytes(value), item["mode"].AsInt() ?? mode);
        }
    }

    public void AddProjected(JsonObject projected)
    {
        var mode = projected["defaultMode"].AsInt() ?? 0x1A4;
        foreach (var source in projected["sources"].Objects())
        {
            if (source["configMap"] is JsonObject map)
            {
                AddConfigMap(map, mode);
            }
            else if (source["secret"] is JsonObject secret)
            {
                AddSecret(secret, mode);
            }
            else if (source["downwardAPI"] is JsonObject downward)
            {
                AddDownwardApi(downward, mode);
            }
            else if (source["serviceAccountToken"] is JsonObject token)
            {
                AddToken(token, mode);
            }
            else
            {
                throw new VolumeException($"projected volume source {source.FirstOrDefault().Key} is not supported by the embedded runtime");
            }
        }
    }

    private void AddToken(JsonObject source, int mode)
    {
        var seconds = Math.Max(600, source["expirationSeconds"].AsLong() ?? 3600);
        var lifetime = TimeSpan.FromSeconds(seconds);
        var account = pod.At("spec", "serviceAccountName").AsText() ?? "default";
        var token = options.IssueToken(new(pod.Namespace ?? "default", account, pod.Name, pod.Uid, source.Text("audience"), lifetime));
        files[source.Text("path") ?? "token"] = new(Encoding.UTF8.GetBytes(token), mode);
        var refresh = options.Time.GetUtcNow() + (lifetime * 0.8);
        RefreshAt = RefreshAt is { } earlier && earlier < refresh ? earlier : refresh;
    }

    private void AddItems(JsonObject source, Dictionary<string, byte[]> content, int mode, bool optional, string missing)
    {
        if (source["items"] is not JsonArray { Count: > 0 } items)
        {
            foreach (var (key, value) in content)
            {
                files[key] = new(value, mode);
            }

            return;
        }

        foreach (var item in items.OfType<JsonObject>())
        {
            var key = item.Text("key") ?? "";
            if (content.TryGetValue(key, out var value))
            {
                files[item.Text("path") ?? key] = new(value, item["mode"].AsInt() ?? mode);
            }
            else if (!optional)
            {
                throw new VolumeException($"{missing}: {key}");
            }
        }
    }
}

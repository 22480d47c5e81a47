using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Registry;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>Admission by ServiceAccount: every pod has one, with its pull secrets, and its token mounted unless somebody said no.</summary>
internal static class PodServiceAccount
{
    private const string Default = "default";
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Seconds that a token lasts: as kube-apiserver asks, an hour and a little, so that clients that refresh hourly never see it end.</summary>
    private const int TokenSeconds = 3607;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async ValueTask FillAsync(JsonObject pod, JsonObject spec, ClusterState cluster, CancellationToken cancellation)
    {
        var name = spec.Text("serviceAccountName") is { Length: > 0 } given ? given : spec.Text("serviceAccount") is { Length: > 0 } old ? old : Default;
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        var account = (await FindAsync(pod, name, cluster, cancellation)).ToTree();
        if (spec["imagePullSecrets"] is not JsonArray { Count: > 0 } && account["imagePullSecrets"] is JsonArray { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }

        if (spec["automountServiceAccountToken"].AsBool() ?? account["automountServiceAccountToken"].AsBool() ?? true)
        {
            MountToken(spec);
        }
    }

    private static async ValueTask<StoredObject> FindAsync(JsonObject pod, string name, ClusterState cluster, CancellationToken cancellation)
    {
        // The default account follows its namespace within moments: a pod made at once after it waits, as in kube-apiserver.
        var start = cluster.Time.GetTimestamp();
        while (true)
        {
            if (cluster.Find(BuiltInResources.ServiceAccounts, pod.Namespace, name) is { } found)
            {
                return found;
            }

            if (name != Default || !cluster.ControllersRun || cluster.Time.GetElapsedTime(start) > Patience)
            {
                throw ApiErrors.Forbidden(BuiltInResources.Pods, pod.Name, $"error looking up service account {pod.Namespace}/{name}: serviceaccount \"{name}\" not found");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), cluster.Time, cancellation);
        }
    }

    private static void MountToken(JsonObject spec)
    {
        var containers = spec["initContainers"].Objects().Concat(spec["containers"].Objects())
            .Where(c => !c["volumeMounts"].Objects().Any(m => m.Text("mountPath") == MountPath)).ToList();
        if (containers.Count == 0)
        {
            return;
        }

        var volume = spec["volumes"].Objects().FirstOrDefault(v => v.Text("name")?.StartsWith("kube-api-access-", StringComparison.Ordinal) == true)?.Text("name");
        if (volume is null)
        {
            volume = ObjectRegistry.GenerateName("kube-api-access-");
            spec.List("volumes").Add((JsonNode)new JsonObject { ["name"] = volume, ["projected"] = Projection() });
        }

        foreach (var container in containers)
        {
            container.List("volumeMounts").Add((JsonNode)new JsonObject { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = MountPath });
        }
    }

    private static JsonObject Projection() => new()
    {
        ["sources"] = new JsonArray(
            new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenSeconds, ["path"] = "token" } },
            new JsonObject
            {
                ["configMap"] = new JsonObject
                {
                    ["name"] = "kube-root-ca.crt",
                    ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                },
            },
            new JsonObject
            {
                ["downwardAPI"] = new JsonObject
                {
                    ["items"] = new JsonArray(new JsonObject
                    {
                        ["path"] = "namespace",
                        ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                    }),
                },
            }),
        ["defaultMode"] = 420,
    };
}

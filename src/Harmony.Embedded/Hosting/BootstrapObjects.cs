using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Registry;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Hosting;

/// <summary>The objects that every cluster has from its beginning. Made where they are missing, never changed.</summary>
internal static class BootstrapObjects
{
    public static async Task EnsureAsync(ObjectRegistry registry, ResourceCatalog catalog, bool services, CancellationToken cancellation)
    {
        foreach (var ns in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            await EnsureAsync(BuiltInResources.Namespaces, Named(ns));
        }

        await EnsureAsync(BuiltInResources.Services, KubernetesService(registry.Cluster.Network.ApiAddress.ToString()));
        await EnsureAsync(BuiltInResources.PriorityClasses, PriorityClass("system-cluster-critical", 2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."));
        await EnsureAsync(BuiltInResources.PriorityClasses, PriorityClass("system-node-critical", 2_000_001_000,
            "Used for system critical pods that must not be moved from their current node."));
        if (!services)
        {
            return;
        }

        var local = Named("local");
        local.Metadata["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" };
        local["provisioner"] = "harmony.dev/local";
        local["reclaimPolicy"] = "Delete";
        local["volumeBindingMode"] = "Immediate";
        await EnsureAsync(BuiltInResources.StorageClasses, local);
        var wasmtime = Named("wasmtime");
        wasmtime["handler"] = "wasmtime";
        await EnsureAsync(BuiltInResources.RuntimeClasses, wasmtime);

        async Task EnsureAsync(ApiResource resource, JsonObject obj)
        {
            var served = catalog.Find(resource);
            if (registry.Store.Get(served.Key(obj.Namespace, obj.Name)) is not null)
            {
                return;
            }

            obj["apiVersion"] = resource.ApiVersion;
            obj["kind"] = resource.Kind;
            await registry.CreateAsync(served, obj.Namespace, obj, new() { Manager = "kube-apiserver", Decodes = false }, cancellation);
        }
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonObject PriorityClass(string name, long value, string description)
    {
        var priority = Named(name);
        priority["value"] = value;
        priority["description"] = description;
        return priority;
    }

    private static JsonObject KubernetesService(string address) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = "kubernetes",
            ["namespace"] = "default",
            ["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" },
        },
        ["spec"] = new JsonObject
        {
            ["clusterIP"] = address,
            ["type"] = "ClusterIP",
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["targetPort"] = 6443, ["protocol"] = "TCP" }),
        },
    };
}

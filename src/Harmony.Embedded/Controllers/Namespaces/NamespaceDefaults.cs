using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Namespaces;

/// <summary>
/// Gives every namespace its ServiceAccount <c>default</c> and its ConfigMap <c>kube-root-ca.crt</c>, and gives them back when somebody deletes them.
/// </summary>
internal sealed class NamespaceDefaults : Reconciler
{
    private const string RootCa = "kube-root-ca.crt";
    private const string DescriptionKey = "kubernetes.io/description";
    private const string Description = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
        + "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

    private readonly string certificate;
    private readonly ObjectCache namespaces;
    private readonly ObjectCache accounts;
    private readonly ObjectCache maps;

    /// <param name="certificate">The API's certificate authority, PEM.</param>
    public NamespaceDefaults(ControllerContext context, string certificate)
        : base("serviceaccount-controller", context)
    {
        this.certificate = certificate;
        namespaces = Watched(BuiltInResources.Namespaces);
        accounts = Cluster.Of(BuiltInResources.ServiceAccounts);
        maps = Cluster.Of(BuiltInResources.ConfigMaps);
        accounts.Changed += (old, current) => Look(old, current, "default");
        maps.Changed += (old, current) => Look(old, current, RootCa);
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (namespaces.Get(key) is not { IsBeingDeleted: false })
        {
            return;
        }

        await Task.WhenAll(AccountAsync(key.Name, cancellation), RootCaAsync(key.Name, cancellation));
    }

    private async Task AccountAsync(string ns, CancellationToken cancellation)
    {
        if (accounts.Get(ns, "default") is null)
        {
            await CreateAsync(BuiltInResources.ServiceAccounts, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ServiceAccount",
                ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = ns },
            }, cancellation);
        }
    }

    private async Task RootCaAsync(string ns, CancellationToken cancellation)
    {
        var map = maps.Get(ns, RootCa);
        if (map is null)
        {
            await CreateAsync(BuiltInResources.ConfigMaps, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject
                {
                    ["name"] = RootCa,
                    ["namespace"] = ns,
                    ["annotations"] = new JsonObject { [DescriptionKey] = Description },
                },
                ["data"] = new JsonObject { ["ca.crt"] = certificate },
            }, cancellation);
        }
        else if (map.At("data", "ca.crt").AsText() != certificate)
        {
            await Cluster.ChangeAsync(
                BuiltInResources.ConfigMaps,
                map,
                current =>
                {
                    current["data"] = new JsonObject { ["ca.crt"] = certificate };
                    return true;
                },
                cancellation);
        }
    }

    private async Task CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation)
    {
        try
        {
            await Cluster.CreateAsync(resource, obj, cancellation);
        }
        catch (ApiException e) when (e.IsAlreadyExists || e.IsNotFound || PodControl.IsNamespaceEnding(e))
        {
        }
    }

    private void Look(JsonObject? old, JsonObject? current, string name)
    {
        var obj = (current ?? old)!;
        if (obj.Name == name && obj.Namespace is { } ns && (current is null || (old is not null && name == RootCa)))
        {
            Enqueue(new NamespacedName("", ns));
        }
    }
}

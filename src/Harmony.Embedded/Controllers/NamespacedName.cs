using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>What an object is called within its kind (client-go's types.NamespacedName); the namespace is empty for kinds without one.</summary>
internal readonly record struct NamespacedName(string Namespace, string Name)
{
    public static NamespacedName Of(JsonObject obj) => new(obj.Namespace ?? "", obj.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

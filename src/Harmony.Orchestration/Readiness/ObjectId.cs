using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>Which object: its kind without the version, its namespace and its name.</summary>
public readonly record struct ObjectId(string Group, string Kind, string? Namespace, string Name)
{
    public static ObjectId Of(JsonObject obj) => new(obj.GroupVersionKind.Group, obj.Kind, obj.Namespace, obj.Name);

    /// <summary><c>Deployment/web</c>, as kubectl takes it.</summary>
    public override string ToString() => $"{Kind}/{Name}";
}

using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>The schemas of Kubernetes' own kinds. Each is read from the catalogue built into the program when it is first asked for.</summary>
public static partial class SchemaCatalog
{
    /// <summary>The schema of the kind; null where Kubernetes has no such kind.</summary>
    public static Schema? Find(GroupVersionKind kind) => null;
}

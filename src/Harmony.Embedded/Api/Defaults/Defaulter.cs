using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Defaults;

/// <summary>Fills in what a request left out, as kube-apiserver does for each kind, before anything else looks at the object.</summary>
public static partial class Defaulter
{
    /// <summary>Adds the defaults of the kind, in place. Applying it twice changes nothing more.</summary>
    public static void Apply(JsonObject obj, GroupVersionKind kind, Schema schema)
    {
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

/// <summary>
/// The set of objects that a project has on a cluster, recorded there so that what leaves the project can be found: a parent (a Secret in the
/// project's namespace) that names the kinds and namespaces, and a label on every member.
/// Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune.
/// </summary>
/// <param name="Name">The parent's name.</param>
/// <param name="Namespace">The project's namespace; it must exist.</param>
public sealed record ApplySet(string Name, string Namespace)
{
    /// <summary>The label of every member.</summary>
    public const string PartOf = "applyset.kubernetes.io/part-of";

    /// <summary>A label selector for the parents of all sets.</summary>
    public const string AnyParent = IdLabel;

    private const string IdLabel = "applyset.kubernetes.io/id";
    private const string Tooling = "applyset.kubernetes.io/tooling";
    private const string Kinds = "applyset.kubernetes.io/contains-group-kinds";
    private const string Namespaces = "applyset.kubernetes.io/additional-namespaces";

    internal static GroupVersionKind ParentKind { get; } = new("", "v1", "Secret");

    /// <summary>What the members are labelled with.</summary>
    public string Id { get; } = "applyset-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name}.{Namespace}.Secret.")))
        .TrimEnd('=').Replace('+', '-').Replace('/', '_') + "-v1";

    /// <summary>For lists of members.</summary>
    public string Selector => $"{PartOf}={Id}";

    internal JsonObject Parent(ApplySetScope scope) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject
        {
            ["name"] = Name,
            ["namespace"] = Namespace,
            ["labels"] = new JsonObject { [IdLabel] = Id },
            ["annotations"] = new JsonObject
            {
                [Tooling] = "harmony/v1",
                [Kinds] = string.Join(',', scope.Kinds.Select(k => k.Group.Length == 0 ? k.Kind : $"{k.Kind}.{k.Group}").Order(StringComparer.Ordinal)),
                [Namespaces] = string.Join(',', scope.Namespaces.Where(n => n != Namespace).Order(StringComparer.Ordinal)),
            },
        },
    };

    /// <summary>What a parent found on the cluster says.</summary>
    /// <exception cref="KubernetesException">It is no parent of this set.</exception>
    internal ApplySetScope Read(JsonObject parent)
    {
        if (parent.Label(IdLabel) != Id)
        {
            throw new KubernetesException(
                KubernetesError.Conflict,
                $"Reading what was applied before: the Secret {Namespace}/{Name} is there already, and is not harmony's.",
                "Give the project another name, or delete that Secret.");
        }

        var kinds = Split(parent.Annotation(Kinds)).Select(text =>
        {
            var dot = text.IndexOf('.', StringComparison.Ordinal);
            return dot < 0 ? new GroupVersionKind("", "", text) : new(text[(dot + 1)..], "", text[..dot]);
        });
        return new([.. kinds], [Namespace, .. Split(parent.Annotation(Namespaces))]);
    }

    private static string[] Split(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Where members may be: kinds (without version) and namespaces.</summary>
internal sealed record ApplySetScope(HashSet<GroupVersionKind> Kinds, HashSet<string> Namespaces)
{
    public ApplySetScope Union(ApplySetScope other) => new([.. Kinds, .. other.Kinds], [.. Namespaces, .. other.Namespaces]);

    public bool Covers(ApplySetScope other) => other.Kinds.IsSubsetOf(Kinds) && other.Namespaces.IsSubsetOf(Namespaces);
}

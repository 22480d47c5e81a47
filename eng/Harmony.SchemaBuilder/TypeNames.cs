using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Harmony.SchemaBuilder;

/// <summary>One kind that the API serves.</summary>
internal sealed record Kind(string Group, string Version, string Name, Type Type);

/// <summary>
/// Which model is which type of Kubernetes: its package in OpenAPI follows from the kinds that reach it, because only kinds carry their group.
/// </summary>
internal sealed partial class TypeNames
{
    private static readonly HashSet<string> Meta =
    [
        "ObjectMeta", "ListMeta", "OwnerReference", "ManagedFieldsEntry", "LabelSelector", "LabelSelectorRequirement", "Condition", "DeleteOptions",
        "Preconditions", "Status", "StatusDetails", "StatusCause", "ShardInfo", "FieldSelectorRequirement",
    ];

    /// <summary>Core types that no core kind reaches.</summary>
    private static readonly HashSet<string> Core = ["TopologySelectorTerm", "TopologySelectorLabelRequirement"];

    private readonly Dictionary<Type, string> names = [];

    public List<Kind> Kinds { get; } = [];

    public IEnumerable<KeyValuePair<Type, string>> All => names.OrderBy(n => n.Value, StringComparer.Ordinal);

    /// <summary>The name in OpenAPI, such as <c>io.k8s.api.core.v1.PodSpec</c>.</summary>
    public string this[Type type] => names[type];

    public static TypeNames OfModels()
    {
        var result = new TypeNames();
        foreach (var type in typeof(V1Pod).Assembly.GetTypes().Where(t => t.Namespace == "k8s.Models" && t.IsPublic && t.IsClass))
        {
            if (Word(type, "KubeKind") is { } kind && Word(type, "KubeApiVersion") is { } version && Word(type, "KubeGroup") is { } group
                && StableVersion().IsMatch(version) && !kind.EndsWith("List", StringComparison.Ordinal) && !group.StartsWith("metrics.", StringComparison.Ordinal)
                && !group.StartsWith("apidiscovery", StringComparison.Ordinal) && kind is not ("APIGroup" or "APIVersions" or "Status" or "DeleteOptions"))
            {
                result.Kinds.Add(new(group, version, kind, type));
            }
        }

        result.Add(typeof(V1DeleteOptions), "", "v1");
        result.Add(typeof(V1Status), "", "v1");
        // The core group first: what others use of it is called by its name.
        foreach (var kind in result.Kinds.OrderBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Version, StringComparer.Ordinal))
        {
            result.Add(kind.Type, kind.Group, kind.Version);
        }

        return result;
    }

    /// <summary>The fields of a model: its name in JSON and the property.</summary>
    public static IEnumerable<(string Name, PropertyInfo Property)> Fields(Type type) =>
        from property in type.GetProperties()
        let name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        where name is not null
        orderby name
        select (name, property);

    /// <summary>The short name that annotations.json uses, such as <c>core.v1.PodSpec</c>.</summary>
    public static string Short(string name) => string.Join('.', name.Split('.')[^3..]);

    internal static bool IsModel(Type type) =>
        type.Namespace == "k8s.Models" && type.IsClass && type != typeof(ResourceQuantity) && type != typeof(IntOrString);

    private static string? Word(Type type, string constant) =>
        type.GetField(constant, BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string;

    private static string Package(string group, string version) => group switch
    {
        "" => $"io.k8s.api.core.{version}",
        "apiextensions.k8s.io" => $"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{version}",
        "apiregistration.k8s.io" => $"io.k8s.kube-aggregator.pkg.apis.apiregistration.{version}",
        _ => $"io.k8s.api.{group.Split('.')[0]}.{version}",
    };

    private void Add(Type type, string group, string version)
    {
        if (names.ContainsKey(type))
        {
            return;
        }

        var name = VersionPrefix().Replace(type.Name, "");
        names[type] = Meta.Contains(name) ? $"io.k8s.apimachinery.pkg.apis.meta.v1.{name}" : $"{Package(Core.Contains(name) ? "" : group, version)}.{name}";
        foreach (var (_, property) in Fields(type))
        {
            foreach (var inner in Inner(property.PropertyType).Where(IsModel))
            {
                Add(inner, group, version);
            }
        }
    }

    private static IEnumerable<Type> Inner(Type type) => type.IsGenericType ? type.GetGenericArguments().SelectMany(Inner) : [type];

    [GeneratedRegex("^v\\d+$")]
    private static partial Regex StableVersion();

    [GeneratedRegex("^([A-Z][a-z]+v|V)\\d+")]
    private static partial Regex VersionPrefix();
}

using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api;

/// <summary>
/// What one kind is called and where it lives, as discovery tells it (metav1.APIResource). Kinds are data: <see cref="BuiltInResources"/> lists
/// Kubernetes' own, custom resource definitions add theirs while the server runs.
/// </summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version it is served as.</param>
/// <param name="Plural">The name in paths, such as <c>deployments</c>.</param>
/// <param name="Kind">The kind, such as <c>Deployment</c>.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ApiResource(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    public string Singular { get; init; } = Kind.ToLowerInvariant();

    public string ListKind { get; init; } = Kind + "List";

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<string> Verbs { get; init; } =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>Subresources served beneath an object, such as <c>status</c>, <c>scale</c>, <c>log</c>.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary><c>deployments.apps</c>: the name that its objects are stored under, whatever the version.</summary>
    public string Name => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public GroupVersionKind GroupVersionKind => new(Group, Version, Kind);

    public override string ToString() => Name;
}

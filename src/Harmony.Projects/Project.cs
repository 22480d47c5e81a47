using System.Text.Json.Nodes;
using Harmony.Projects.Workloads;

namespace Harmony.Projects;

/// <summary>What the user launches, as Kubernetes objects and images to build. It knows no cluster and no namespace of its own.</summary>
public sealed record Project
{
    /// <summary>A DNS label: the namespace's name, where the user gives none.</summary>
    public required string Name { get; init; }

    /// <summary>The folder or file that it came from, absolute.</summary>
    public required string Source { get; init; }

    /// <summary>What kind of description it was, in words for the user: <c>Kubernetes manifests</c>, <c>WebAssembly module</c>.</summary>
    public required string Kind { get; init; }

    public required IReadOnlyList<ProjectObject> Objects { get; init; }

    /// <summary>Images that are made from the project's own files before it is applied.</summary>
    public IReadOnlyList<ProjectImage> Images { get; init; } = [];

    /// <summary>What the user should know, though nothing is wrong: ignored files and the like.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether any workload is a container.</summary>
    public bool NeedsContainers => PodSpecs.Any(spec => !PodTemplate.IsWebAssembly(spec));

    /// <summary>Whether there are workloads, and every one of them is WebAssembly.</summary>
    public bool IsWebAssemblyOnly => PodSpecs.Any() && PodSpecs.All(PodTemplate.IsWebAssembly);

    private IEnumerable<JsonObject> PodSpecs => Objects.Select(o => PodTemplate.SpecOf(o.Json)).OfType<JsonObject>();
}

/// <summary>One Kubernetes object and where it was written.</summary>
public sealed record ProjectObject(JsonObject Json, SourceLocation Location);

/// <summary>A place in a file: one-based line, as editors count; 0 where there is none.</summary>
public sealed record SourceLocation(string File, int Line)
{
    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}

/// <summary>An image to be made from the project's files. The reference is what its objects name.</summary>
public abstract record ProjectImage(string Reference);

/// <summary>An OCI artifact with one WebAssembly module or text in it.</summary>
public sealed record WebAssemblyImage(string Reference, string ModulePath) : ProjectImage(Reference);

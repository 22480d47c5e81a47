using Harmony.Platform.Files;
using Harmony.Projects.Manifests;
using Harmony.Projects.WebAssembly;

namespace Harmony.Projects.Discovery;

/// <summary>Finds out what kind of project a source is, and reads it. The first reader that knows it has it.</summary>
public sealed class ProjectLoader(IReadOnlyList<IProjectReader> readers)
{
    private static readonly string[] Reserved = ["default", "kube-system", "kube-public", "kube-node-lease"];

    /// <summary>A loader of every kind that this version runs.</summary>
    public static ProjectLoader Default { get; } = new([new ManifestReader(), new WebAssemblyReader()]);

    /// <param name="source">A folder or a file; relative to the current folder.</param>
    /// <param name="name">The project's name; the folder's or file's as a DNS label where null.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="ProjectException">There is no such source, nothing in it can run, or it cannot be read.</exception>
    public async Task<Project> LoadAsync(string source, string? name, CancellationToken cancellation)
    {
        RefuseAddress(source);
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        if (!Disk.FolderExists(path) && !Disk.FileExists(path))
        {
            throw new ProjectException(ProjectError.NotFound, $"There is no file or folder '{source}'.", "Give the folder of the project: harmony up FOLDER.");
        }

        var project = new ProjectSource(path, name is null ? NameOf(path) : Checked(name));
        if (!project.IsFolder && !Disk.IsOrdinaryFile(path))
        {
            throw new ProjectException(ProjectError.Invalid, $"'{source}' is neither a folder nor an ordinary file.");
        }

        foreach (var reader in readers)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await reader.ReadAsync(project, cancellation) is { } read)
            {
                return read;
            }
        }

        throw NothingToRun(project, source);
    }

    private static void RefuseAddress(string source)
    {
        if (source.Contains("://", StringComparison.Ordinal) || source.StartsWith("git@", StringComparison.Ordinal))
        {
            throw new ProjectException(ProjectError.NotFound, "Projects at an address cannot be launched yet.", "Clone or download it, then: harmony up FOLDER.");
        }
    }

    private static string NameOf(string path)
    {
        var name = DnsLabel.From(Disk.FolderExists(path) ? Path.GetFileName(path) : Path.GetFileNameWithoutExtension(path));
        return name.Length == 0 ? "project" : IsReserved(name) ? DnsLabel.From("project-" + name) : name;
    }

    private static string Checked(string name)
    {
        if (!DnsLabel.IsValid(name))
        {
            var near = DnsLabel.From(name);
            throw new ProjectException(
                ProjectError.Invalid,
                $"'{name}' cannot be a project's name: Kubernetes takes at most 63 lower-case letters, digits and hyphens between them.",
                near.Length > 0 ? $"Take '{near}', for example." : null);
        }

        return IsReserved(name)
            ? throw new ProjectException(ProjectError.Invalid, $"'{name}' cannot be a project's name: Kubernetes keeps this namespace for itself.", "Choose another name.")
            : name;
    }

    private static bool IsReserved(string name) => Reserved.Contains(name, StringComparer.Ordinal) || name.StartsWith("kube-", StringComparison.Ordinal);

    private static ProjectException NothingToRun(ProjectSource project, string source)
    {
        const string takes = "This version runs folders of Kubernetes manifests (*.yaml, *.yml, *.json) and WebAssembly modules (*.wasm, *.wat).";
        if (!project.IsFolder)
        {
            return ForeignDescription.Of(project.Path) is { } file
                ? new(ProjectError.NothingToRun, $"'{source}' is {file.Kind}, which this version cannot run yet.", takes)
                : new(ProjectError.NothingToRun, $"'{source}' is no description of a project that harmony knows.", takes);
        }

        if (project.Files.Foreign is [var foreign, ..])
        {
            return new(ProjectError.NothingToRun, $"'{project.Show(foreign.Path)}' is {foreign.Kind}, which this version cannot run yet, and nothing else in '{source}' can run.", takes);
        }

        return project.Files.NestedModules is [var module, ..]
            ? new(ProjectError.NothingToRun, $"There are WebAssembly modules below '{source}', but none in it.", $"Name the one to run: harmony up {Path.Combine(source, project.Show(module))}")
            : new(ProjectError.NothingToRun, Disk.Entries(project.Path).Count == 0 ? $"The folder '{source}' is empty." : $"Nothing in '{source}' can run.", takes);
    }
}

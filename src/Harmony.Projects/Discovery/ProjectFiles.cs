using Harmony.Platform.Files;

namespace Harmony.Projects.Discovery;

/// <summary>
/// The files of a project's folder that may describe it. Hidden files and folders, <c>node_modules</c> and the insides of Helm charts are left
/// out; links are followed only to files inside the folder.
/// </summary>
public sealed class ProjectFiles
{
    private const int MostEntries = 200_000;
    private const int DeepestFolder = 64;

    private readonly List<string> manifests = [];
    private readonly List<string> modules = [];
    private readonly List<string> nestedModules = [];
    private readonly List<ForeignDescription> foreign = [];
    private readonly List<string> links = [];
    private readonly string root;
    private int entries;

    private ProjectFiles(string root) => this.root = root;

    public static ProjectFiles None { get; } = new("");

    /// <summary>Files whose name says YAML or JSON, absolute, sorted by path, those of known other tools left out.</summary>
    public IReadOnlyList<string> Manifests => manifests;

    /// <summary>WebAssembly modules in the folder itself.</summary>
    public IReadOnlyList<string> Modules => modules;

    /// <summary>WebAssembly modules further down: products of a build, mostly.</summary>
    public IReadOnlyList<string> NestedModules => nestedModules;

    /// <summary>Descriptions of kinds that this version does not run.</summary>
    public IReadOnlyList<ForeignDescription> Foreign => foreign;

    /// <exception cref="ProjectException">A link leads out of the folder, or there are too many files.</exception>
    public static ProjectFiles Scan(string folder)
    {
        var files = new ProjectFiles(folder);
        files.Enter(folder, 0);
        files.AddLinks();
        files.manifests.Sort(StringComparer.Ordinal);
        return files;
    }

    private void Enter(string folder, int depth)
    {
        if (depth > DeepestFolder)
        {
            throw new ProjectException(ProjectError.TooDeep, $"{Show(folder)}: folders are nested deeper than {DeepestFolder} levels.", "Name the folder that has the manifests.");
        }

        var content = List(folder);
        if (content.Any(e => e is { Name: "Chart.yaml", IsFolder: false }))
        {
            // A chart's templates are no YAML before Helm has filled them in.
            foreign.Add(ForeignDescription.Of(Path.Combine(folder, "Chart.yaml"))!);
            return;
        }

        foreach (var entry in content.Where(e => e.Name[0] != '.' && e.Name != "node_modules"))
        {
            if (++entries > MostEntries)
            {
                throw new ProjectException(ProjectError.TooLarge, $"'{root}' has more than {MostEntries} files.", "Name the folder that has the manifests.");
            }

            if (entry.IsLink)
            {
                FollowLater(entry);
            }
            else if (entry.IsFolder)
            {
                Enter(entry.Path, depth + 1);
            }
            else
            {
                AddFile(entry.Path, depth == 0);
            }
        }
    }

    private IReadOnlyList<DiskEntry> List(string folder)
    {
        try
        {
            return Disk.Entries(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProjectException(ProjectError.Invalid, $"The folder '{Show(folder)}' cannot be read.", "Check its permissions.", e);
        }
    }

    private void FollowLater(DiskEntry entry)
    {
        if (!entry.IsFolder && !IsDescription(entry.Name) && !IsModule(entry.Name))
        {
            return;
        }

        string target;
        try
        {
            target = Disk.RealPath(entry.Path);
        }
        catch (IOException e)
        {
            throw new ProjectException(ProjectError.Invalid, $"{Show(entry.Path)}: this link leads nowhere: it goes round in a circle.", inner: e);
        }

        if (!Disk.IsInside(target, root))
        {
            throw new ProjectException(ProjectError.Invalid, $"{Show(entry.Path)}: this link leads out of the project, to '{target}', and is not followed.", "Copy what it points to into the project, or remove the link.");
        }

        if (!entry.IsFolder && Disk.FileExists(target))
        {
            links.Add(target);
        }
    }

    /// <summary>What a link points to counts once, by its own name, also where its own folder is hidden.</summary>
    private void AddLinks()
    {
        var known = manifests.Concat(modules).Concat(nestedModules).Select(Disk.RealPath).ToHashSet(StringComparer.Ordinal);
        foreach (var link in links.Where(known.Add))
        {
            AddFile(Path.Combine(root, Path.GetRelativePath(Disk.RealPath(root), link)), topLevel: false);
        }
    }

    private void AddFile(string path, bool topLevel)
    {
        if (ForeignDescription.Of(path) is { } description)
        {
            foreign.Add(description);
        }
        else if (IsDescription(path))
        {
            manifests.Add(path);
        }
        else if (IsModule(path))
        {
            (topLevel ? modules : nestedModules).Add(path);
        }
    }

    internal static bool IsDescription(string path) => Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml" or ".json";

    internal static bool IsModule(string path) => Path.GetExtension(path).ToLowerInvariant() is ".wasm" or ".wat";

    private string Show(string path) => path == root ? root : Path.GetRelativePath(root, path).Replace('\\', '/');
}

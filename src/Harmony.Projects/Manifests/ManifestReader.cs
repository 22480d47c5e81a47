using Harmony.Kubernetes.Objects;
using Harmony.Projects.Discovery;

namespace Harmony.Projects.Manifests;

/// <summary>Reads Kubernetes manifests: a file, or all of a folder with its folders.</summary>
public sealed class ManifestReader : IProjectReader
{
    private const int MostObjects = 20_000;
    private const long MostBytes = 128L * 1024 * 1024;

    public Task<Project?> ReadAsync(ProjectSource source, CancellationToken cancellation)
    {
        if (source.IsFolder)
        {
            return Task.FromResult(ReadFolder(source, cancellation));
        }

        if (!ProjectFiles.IsDescription(source.Path) || ForeignDescription.Of(source.Path) is not null)
        {
            return Task.FromResult<Project?>(null);
        }

        var file = ReadFile(source, source.Path);
        return Task.FromResult<Project?>(file.Objects.Count > 0
            ? Assemble(source, file.Objects, [])
            : throw ProjectException.At(ProjectError.NothingToRun, new(source.Show(source.Path), 0), "there is no Kubernetes object in this file", "A Kubernetes object has an apiVersion and a kind."));
    }

    private static Project? ReadFolder(ProjectSource source, CancellationToken cancellation)
    {
        var objects = new List<ManifestObject>();
        var notes = new List<string>();
        ProjectException? setAside = null;
        var bytes = 0L;
        foreach (var path in source.Files.Manifests)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var file = ReadFile(source, path);
                objects.AddRange(file.Objects);
                bytes += file.Length;
                notes.AddRange(file.Notes);
            }
            catch (SetAsideException e)
            {
                setAside ??= e.Error;
                notes.Add($"{source.Show(path)} was left out: {e.Reason}.");
            }

            if (objects.Count > MostObjects || bytes > MostBytes)
            {
                throw new ProjectException(ProjectError.TooLarge, $"'{source.Path}' has more than {MostObjects} objects, or {MostBytes / 1_000_000} MB of manifests.", "Name the folder that has the project's own manifests.");
            }
        }

        if (objects.Count > 0)
        {
            notes.AddRange(source.Files.Foreign.Select(f => $"{source.Show(f.Path)} was left out: it is {f.Kind}, which this version does not run yet."));
            return Assemble(source, objects, notes);
        }

        // Something was meant to be a manifest, and no other kind of project is here: then say what is wrong with it.
        return setAside is not null && source.Files.Foreign.Count == 0 && source.Files.Modules.Count == 0 ? throw setAside : null;
    }

    private static Project Assemble(ProjectSource source, List<ManifestObject> objects, IReadOnlyList<string> notes)
    {
        Duplicates.Refuse(objects, source.Files.Foreign.Any(f => f.Kind == "a kustomization"));
        return new()
        {
            Name = source.Name,
            Source = source.Path,
            Kind = "Kubernetes manifests",
            Images = ModuleImages.Resolve(source, objects),
            Objects = [.. objects.Select(o => new ProjectObject(o.Json, o.Location))],
            Notes = notes,
        };
    }

    /// <exception cref="SetAsideException">In a folder: the file is not meant for Kubernetes.</exception>
    private static ManifestFile ReadFile(ProjectSource source, string path)
    {
        var shown = source.Show(path);
        ManifestText text;
        try
        {
            text = ManifestText.Read(path, shown, YamlLimits.Default.MaxBytes);
        }
        catch (ProjectException e) when (source.IsFolder && e.Code == ProjectError.NothingToRun)
        {
            throw new SetAsideException("it is a large file of data", e);
        }

        try
        {
            return ManifestFile.Parse(path, text);
        }
        catch (YamlException e)
        {
            var error = Explain(shown, e);
            throw source.IsFolder && !text.LooksLikeKubernetes && e.Code is not YamlError.TooLarge
                ? new SetAsideException("it cannot be parsed, and does not look like a Kubernetes manifest", error)
                : error;
        }
    }

    private static ProjectException Explain(string shown, YamlException e)
    {
        var code = e.Code switch
        {
            YamlError.TooLarge when e.Message.Contains("deep", StringComparison.Ordinal) => ProjectError.TooDeep,
            YamlError.TooLarge => ProjectError.TooLarge,
            _ => ProjectError.Malformed,
        };
        return new(code, $"{shown}:{e.Line}:{e.Column}: {e.Message}.", e.Hint, e) { Location = new(shown, e.Line) };
    }

    /// <summary>Never leaves this class: the file is skipped, unless nothing else is found.</summary>
    private sealed class SetAsideException(string reason, ProjectException error) : Exception(reason, error)
    {
        public string Reason { get; } = reason;

        public ProjectException Error { get; } = error;
    }
}

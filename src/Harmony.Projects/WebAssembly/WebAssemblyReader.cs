using Harmony.Projects.Discovery;

namespace Harmony.Projects.WebAssembly;

/// <summary>Reads a WebAssembly module, or all modules that lie in a folder without manifests.</summary>
public sealed class WebAssemblyReader : IProjectReader
{
    private const int MostModules = 1000;

    public Task<Project?> ReadAsync(ProjectSource source, CancellationToken cancellation)
    {
        IReadOnlyList<string> paths = source.IsFolder ? source.Files.Modules : ProjectFiles.IsModule(source.Path) ? [source.Path] : [];
        if (paths.Count > MostModules)
        {
            throw new ProjectException(ProjectError.TooLarge, $"'{source.Path}' has more than {MostModules} WebAssembly modules.", "Name the one to run.");
        }

        var modules = new Dictionary<string, ModuleFile>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            cancellation.ThrowIfCancellationRequested();
            var module = ModuleFile.Open(path, source.Show(path));
            if (!modules.TryAdd(module.Name, module))
            {
                throw new ProjectException(
                    ProjectError.Duplicate,
                    $"{module.Shown}: its workload would be called '{module.Name}', as that of {modules[module.Name].Shown}.",
                    "Rename one of them, or name the one to run.");
            }
        }

        return Task.FromResult(modules.Count == 0 ? null : Assemble(source, [.. modules.Values]));
    }

    private static Project Assemble(ProjectSource source, IReadOnlyList<ModuleFile> modules) => new()
    {
        Name = source.Name,
        Source = source.Path,
        Kind = modules.Count == 1 ? "WebAssembly module" : "WebAssembly modules",
        Objects = [.. modules.SelectMany(m => ModuleObjects.Of(m).Select(o => new ProjectObject(o, new SourceLocation(m.Shown, 0))))],
        Images = [.. modules.Select(m => m.Image).DistinctBy(i => i.Reference)],
    };
}

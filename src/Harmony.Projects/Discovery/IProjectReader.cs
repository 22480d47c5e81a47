namespace Harmony.Projects.Discovery;

/// <summary>Reads one kind of project description. Each kind is a folder beside Manifests and WebAssembly with one of these in it.</summary>
public interface IProjectReader
{
    /// <summary>The project; null where the source is not of this kind, which is no error.</summary>
    /// <exception cref="ProjectException">The source is of this kind, but cannot be read.</exception>
    Task<Project?> ReadAsync(ProjectSource source, CancellationToken cancellation);
}

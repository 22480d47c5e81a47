using Harmony.Platform.Files;

namespace Harmony.Projects.Discovery;

/// <summary>What the user named: a folder or a file.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Name">The project's name: a DNS label.</param>
public sealed record ProjectSource(string Path, string Name)
{
    public bool IsFolder { get; } = Disk.FolderExists(Path);

    /// <summary>What the project may read from: the folder itself, or the one that the file is in.</summary>
    public string Root => IsFolder ? Path : System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>The files below a folder that may describe a project, looked up once; empty for a file.</summary>
    public ProjectFiles Files => files ??= IsFolder ? ProjectFiles.Scan(Path) : ProjectFiles.None;

    private ProjectFiles? files;

    /// <summary>The file's path as it is shown: relative to the project, with slashes.</summary>
    public string Show(string file) => System.IO.Path.GetRelativePath(Root, file).Replace('\\', '/');
}

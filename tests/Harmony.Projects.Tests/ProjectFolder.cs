using Harmony.Projects.Discovery;
using Harmony.Testing;

namespace Harmony.Projects.Tests;

/// <summary>A project's folder for one test.</summary>
internal sealed class ProjectFolder : IDisposable
{
    public const string ConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n";

    private readonly TemporaryFolder folder = new();

    public string Path => folder.Path;

    public string File(string name) => folder.File(name);

    public string Write(string name, string text) => folder.Write(name, text);

    public string Write(string name, byte[] content)
    {
        var path = Write(name, "");
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public Task<Project> LoadAsync(string? path = null, string? name = "test") =>
        ProjectLoader.Default.LoadAsync(path is null ? Path : File(path), name, CancellationToken.None);

    public Task<ProjectException> FailAsync(string? path = null, string? name = "test") =>
        Should.ThrowAsync<ProjectException>(() => LoadAsync(path, name));

    public void Dispose() => folder.Dispose();
}

using System.Text.Json;
using Harmony.Platform.Files;
using Harmony.Platform.Paths;

namespace Harmony.Orchestration.Deployment;

/// <summary>The records of all launched projects, in <c>{State}/projects/</c>. A damaged record counts as none: the cluster still has the project.</summary>
public sealed class ProjectRecords(HarmonyPaths paths)
{
    public string Folder => Path.Combine(paths.State, "projects");

    public IReadOnlyList<ProjectRecord> All => !Disk.FolderExists(Folder) ? [] :
        [.. Disk.Files(Folder, "*.json").Order(StringComparer.Ordinal).Select(Read).OfType<ProjectRecord>()];

    public ProjectRecord? Find(string name) => Read(FileOf(name));

    /// <summary>The project that was launched from this folder or file.</summary>
    public ProjectRecord? FindBySource(string source)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
        return All.FirstOrDefault(r => r.Source == full);
    }

    public void Save(ProjectRecord record) => Disk.WriteAtomically(FileOf(record.Name), JsonSerializer.SerializeToUtf8Bytes(record, RecordJson.Default.ProjectRecord));

    public void Remove(string name) => Disk.DeleteFile(FileOf(name));

    private string FileOf(string name) => Path.Combine(Folder, $"{name}.json");

    private static ProjectRecord? Read(string file)
    {
        try
        {
            return Disk.ReadTextIfPresent(file) is { } text ? JsonSerializer.Deserialize(text, RecordJson.Default.ProjectRecord) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using Harmony.Orchestration.Launching;

namespace Harmony.Orchestration.Deployment;

/// <summary>Finds the launched project that a user means.</summary>
public sealed class ProjectLocator(ProjectRecords records, string workingFolder)
{
    /// <param name="wanted">A project's name, the folder or file it was launched from, or null for the one of the working folder, else the only one.</param>
    /// <exception cref="LaunchException">There is none, or it is not clear which.</exception>
    public ProjectRecord Find(string? wanted)
    {
        var all = records.All;
        if (wanted is not null)
        {
            return records.FindBySource(Path.Combine(workingFolder, wanted)) ?? all.FirstOrDefault(r => r.Name == wanted)
                ?? throw new LaunchException(LaunchError.NotLaunched, $"No project {wanted} is launched.", Hint(all));
        }

        return records.FindBySource(workingFolder) ?? all switch
        {
            [var only] => only,
            [] => throw new LaunchException(LaunchError.NotLaunched, "No project is launched.", "harmony up FOLDER launches one."),
            _ => throw new LaunchException(LaunchError.NotLaunched, "Several projects are launched; say which one.", Hint(all)),
        };
    }

    private static string Hint(IReadOnlyList<ProjectRecord> all) =>
        all.Count == 0 ? "harmony up FOLDER launches one." : $"Launched are: {string.Join(", ", all.Select(r => r.Name))}.";
}

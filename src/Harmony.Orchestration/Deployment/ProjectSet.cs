using Harmony.Kubernetes.Apply;

namespace Harmony.Orchestration.Deployment;

/// <summary>The ApplySet that a project is recorded in.</summary>
public static class ProjectSet
{
    public static ApplySet Of(string project, string ns) => new($"harmony-{project}", ns);
}

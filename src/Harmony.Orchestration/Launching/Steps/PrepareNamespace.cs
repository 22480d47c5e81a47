using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>
/// Makes the project's namespace, or takes one that is there. One that harmony makes is labelled so: only such a namespace is ever deleted.
/// </summary>
public sealed class PrepareNamespace(TimeProvider time)
{
    private static readonly TimeSpan EndOfFormer = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly GroupVersionKind Kind = new("", "v1", "Namespace");

    /// <exception cref="LaunchException">A former namespace of this name does not end.</exception>
    public async Task RunAsync(IKubernetesApi api, string ns, string project, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Namespace, $"Namespace {ns}");
        var started = time.GetTimestamp();
        var told = false;
        while (true)
        {
            var existing = await api.GetAsync(Kind, null, ns, cancellation);
            if (existing is { IsBeingDeleted: false } || (existing is null && await TryCreateAsync(api, ns, project, cancellation)))
            {
                observer.Finished(LaunchStep.Namespace, existing is null ? $"{ns} created" : ns);
                return;
            }

            if (time.GetElapsedTime(started) > EndOfFormer)
            {
                throw new LaunchException(LaunchError.NamespaceEnding, $"The namespace {ns} is being deleted and does not end.", $"kubectl get namespace {ns} -o yaml says what holds it.");
            }

            if (!told)
            {
                told = true;
                observer.Progressed(LaunchStep.Namespace, $"waiting for the end of the former namespace {ns}");
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>False where somebody else made it in the meantime.</summary>
    private static async Task<bool> TryCreateAsync(IKubernetesApi api, string ns, string project, CancellationToken cancellation)
    {
        try
        {
            await api.CreateAsync(Namespace(ns, project), cancellation);
            return true;
        }
        catch (KubernetesException e) when (e.Code == KubernetesError.AlreadyExists)
        {
            return false;
        }
    }

    private static JsonObject Namespace(string ns, string project) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject
        {
            ["name"] = ns,
            ["labels"] = new JsonObject { [HarmonyLabels.ManagedBy] = HarmonyLabels.Harmony, [HarmonyLabels.Project] = project },
        },
    };
}

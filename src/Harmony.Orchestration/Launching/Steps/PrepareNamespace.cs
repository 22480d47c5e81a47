using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Makes the project's namespace, or takes one that is there. Only one that harmony made is ever deleted.</summary>
public sealed class PrepareNamespace(TimeProvider time)
{
    private static readonly TimeSpan EndOfOldNamespace = TimeSpan.FromMinutes(2);
    private static readonly GroupVersionKind Kind = new("", "v1", "Namespace");

    /// <summary>Returns whether harmony owns the namespace.</summary>
    public async Task<bool> RunAsync(IKubernetesApi api, string ns, string project, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Namespace, $"Namespace {ns}");
        var existing = await api.GetAsync(Kind, null, ns, cancellation);
        var deadline = time.GetUtcNow() + EndOfOldNamespace;
        while (existing is { IsBeingDeleted: true })
        {
            observer.Progressed(LaunchStep.Namespace, $"waiting for the end of the former namespace {ns}");
            if (time.GetUtcNow() > deadline)
            {
                throw new LaunchException(LaunchError.NamespaceEnding, $"The namespace {ns} is being deleted and does not end.", $"kubectl get namespace {ns} -o yaml says what holds it.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
            existing = await api.GetAsync(Kind, null, ns, cancellation);
        }

        var owned = existing?.Label(HarmonyLabels.ManagedBy) == HarmonyLabels.Harmony;
        if (existing is null)
        {
            try
            {
                await api.CreateAsync(Namespace(ns, project), cancellation);
                owned = true;
            }
            catch (KubernetesException e) when (e.Code == KubernetesError.AlreadyExists)
            {
                owned = (await api.GetAsync(Kind, null, ns, cancellation))?.Label(HarmonyLabels.ManagedBy) == HarmonyLabels.Harmony;
            }
        }

        observer.Finished(LaunchStep.Namespace, existing is null ? $"{ns} created" : ns);
        return owned;
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

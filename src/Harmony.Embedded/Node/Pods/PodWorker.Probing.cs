using System.Text.Json.Nodes;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Probes;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    /// <summary>The container runs and its postStart hook is done: from now on it is asked how it is. Without probes it is ready at once.</summary>
    private void BeginProbes(ContainerState container, string id)
    {
        if (container.Id != id || !container.IsRunning || ending is not null || container.IsEnding)
        {
            return;
        }

        container.Probing?.Dispose();
        container.Probing = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        container.Started = container.Spec["startupProbe"] is null;
        if (container.Started)
        {
            BeginSteadyProbes(container, id);
            return;
        }

        Probe(container, id, ProbeKind.Startup, "startupProbe", passed =>
        {
            if (!passed)
            {
                Restart(container, id, "startup");
                return;
            }

            container.Started = true;
            BeginSteadyProbes(container, id);
        });
    }

    private void BeginSteadyProbes(ContainerState container, string id)
    {
        container.Ready = container.Spec["readinessProbe"] is null;
        Probe(container, id, ProbeKind.Readiness, "readinessProbe", passed => container.Ready = passed);
        Probe(container, id, ProbeKind.Liveness, "livenessProbe", passed =>
        {
            if (!passed)
            {
                Restart(container, id, "liveness");
            }
        });
    }

    private void Probe(ContainerState container, string id, ProbeKind kind, string field, Action<bool> onChange)
    {
        if (container.Spec[field]?.DeepClone() is not JsonObject probe || container.Probing is not { } probing)
        {
            return;
        }

        var loop = new ProbeLoop(kind, probe, new(runtime!, id, address!, (JsonObject)container.Spec.DeepClone()), context.Prober, context.Time)
        {
            Changed = passed => Post(() =>
            {
                if (container.Id == id && container.IsRunning && !container.IsEnding)
                {
                    onChange(passed);
                }
            }),
            Failed = message => Event(EventType.Warning, "Unhealthy", $"{kind} probe failed: {message}", container),
        };
        var token = probing.Token;
        _ = Task.Run(
            async () =>
            {
                try
                {
                    await loop.RunAsync(token);
                }
                catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
                {
                }
                catch (Exception e)
                {
                    context.Log.LogError(e, "probing container {Container} of {Namespace}/{Pod}: {Message}", container.Name, ns, name, e.Message);
                }
            },
            CancellationToken.None);
    }

    private void Restart(ContainerState container, string id, string probe)
    {
        if (container.Id != id || container.IsEnding)
        {
            return;
        }

        Event(EventType.Normal, "Killing", $"Container {container.Name} failed {probe} probe, will be restarted", container);
        var seconds = container.Spec.At(probe + "Probe", "terminationGracePeriodSeconds").AsLong() ?? pod.At("spec", "terminationGracePeriodSeconds").AsLong() ?? 30;
        BeginKill(container, TimeSpan.FromSeconds(seconds));
    }

    private static void StopProbes(ContainerState container)
    {
        container.Probing?.Cancel();
        container.Probing?.Dispose();
        container.Probing = null;
    }
}

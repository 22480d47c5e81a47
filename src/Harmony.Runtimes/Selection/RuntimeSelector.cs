using Harmony.Runtimes.Embedded;
using Harmony.Runtimes.Existing;

namespace Harmony.Runtimes.Selection;

/// <summary>
/// Decides which runtime a project runs on, and says why. What the user names counts, or fails; then what runs already; then what fits. The
/// user's current kube context is never used unless named. Deciding asks this machine only, never the network.
/// </summary>
/// <param name="runtimes">The runtimes of this version, the preferred ones first.</param>
/// <param name="environment">Looks up a variable; the process' own environment where null.</param>
public sealed class RuntimeSelector(IReadOnlyList<IRuntime> runtimes, Func<string, string?>? environment = null)
{
    // Runtimes that the documentation speaks of, which come with later versions.
    private static readonly string[] Planned = ["k3s", "k3d"];

    private readonly Func<string, string?> environment = environment ?? Environment.GetEnvironmentVariable;

    /// <exception cref="RuntimeException">What was named is not there, or nothing on this machine can run the project.</exception>
    public async Task<RuntimeChoice> ChooseAsync(RuntimeRequest request, CancellationToken cancellation)
    {
        if (request.Context is { Length: > 0 } context)
        {
            return request.Named is { Length: > 0 } both
                ? throw new RuntimeException(RuntimeError.Unknown, $"Both a runtime ('{both}') and a context ('{context}') are named: only one can be meant.", "Leave out --runtime (or HARMONY_RUNTIME), or --context.")
                : new(new ExistingCluster(context, request.Kubeconfig ?? ExistingCluster.UsualKubeconfig(environment)), $"{context}: you named this context");
        }

        var choice = request.Named is { Length: > 0 } name ? Named(name)
            : await RunningAsync(cancellation) is { } running ? running
            : Fitting(request);
        await RefuseWhatCannotAsync(choice.Runtime, request, cancellation);
        return choice;
    }

    private RuntimeChoice Named(string name)
    {
        if (runtimes.FirstOrDefault(r => r.Name == name) is { } runtime)
        {
            return new(runtime, $"{name}: you named it");
        }

        throw Planned.Contains(name, StringComparer.Ordinal)
            ? new RuntimeException(RuntimeError.NotAvailable, $"The runtime '{name}' is not part of this version, which has {Known()}.", "Leave the choice to harmony, or name a cluster of yours with --context.")
            : new RuntimeException(RuntimeError.Unknown, $"There is no runtime '{name}'. This version has {Known()}.", "For a cluster of your own: --context NAME.");
    }

    private async Task<RuntimeChoice?> RunningAsync(CancellationToken cancellation)
    {
        foreach (var runtime in runtimes)
        {
            if (await runtime.GetStatusAsync(cancellation) is { State: RuntimeState.Running, Managed: true })
            {
                return new(runtime, $"{runtime.Name}: it is running already");
            }
        }

        return null;
    }

    private RuntimeChoice Fitting(RuntimeRequest request)
    {
        var embedded = runtimes.FirstOrDefault(r => r.Name == EmbeddedRuntime.RuntimeName) ?? runtimes[0];
        return new(embedded, request.WebAssemblyOnly
            ? $"{embedded.Name}: the project is WebAssembly alone"
            : $"{embedded.Name}: the only managed runtime of this version");
    }

    private static async Task RefuseWhatCannotAsync(IRuntime runtime, RuntimeRequest request, CancellationToken cancellation)
    {
        foreach (var check in await runtime.CheckAsync(cancellation))
        {
            if (check.Blocks)
            {
                throw new RuntimeException(RuntimeError.NotAvailable, $"The runtime '{runtime.Name}' cannot run on this machine: {check.Message}.", check.Fix);
            }

            if (check.StopsContainers && request.NeedsContainers)
            {
                throw new RuntimeException(RuntimeError.NotAvailable, $"This project has containers, which cannot run here: {check.Message}.", check.Fix);
            }
        }
    }

    private string Known() => string.Join(", ", runtimes.Select(r => $"'{r.Name}'"));
}

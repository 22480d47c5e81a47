using Harmony.EndToEnd.Tests.Machine;
using Harmony.Platform.Processes;

namespace Harmony.EndToEnd.Tests.Kubectl;

/// <summary>A running runtime without a project, and the kubectl of this machine.</summary>
public sealed class KubectlMachine : ContainerMachine
{
    private static readonly string? s_kubectl = Programs.Find("kubectl");

    internal static new void Need()
    {
        ContainerMachine.Need();
        Assert.SkipUnless(s_kubectl is not null, "kubectl is not installed");
    }

    internal RunningProgram StartKubectl(IReadOnlyList<string> arguments, string input = "") => Home.StartOther(s_kubectl!, arguments, input);

    internal async Task<Outcome> RunAsync(IReadOnlyList<string> arguments, string input = "")
    {
        await using var running = StartKubectl(arguments, input);
        return await running.EndAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Requirements.Containers is null && s_kubectl is not null)
        {
            (await Home.RunAsync("runtime", "start")).Ends(0);
            Home.Environment["KUBECONFIG"] = Home.Kubeconfig;
            Home.Environment["HOME"] = Home.Root;
        }
    }
}

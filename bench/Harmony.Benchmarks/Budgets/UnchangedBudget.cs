using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary><c>harmony up</c> again where nothing has changed, beside <c>kubectl apply --server-side</c> of the same files on the same API server.</summary>
internal sealed class UnchangedBudget : IBudget
{
    private const string Peer = "kubectl apply";

    public string Title => "50 objects, nothing changed";

    public async Task MeasureAsync(Bench bench)
    {
        var project = ConfigMaps.Write(bench, "fifty", 50);
        await bench.Harmony.RunAsync("up", project);
        var missing = Kubectl.Missing;
        if (missing is null)
        {
            await Kubectl.RunAsync(bench, "create", "namespace", "fifty-by-kubectl");
            await Kubectl.RunAsync(bench, "apply", "--server-side", "-n", "fifty-by-kubectl", "-f", project);
        }

        List<double> harmony = [], kubectl = [];
        for (var run = 0; run < bench.Runs; run++)
        {
            harmony.Add((await bench.Harmony.RunAsync("up", project)).Milliseconds);
            if (missing is null)
            {
                kubectl.Add((await Kubectl.RunAsync(bench, "apply", "--server-side", "-n", "fifty-by-kubectl", "-f", project)).Milliseconds);
            }
        }

        bench.Add(new(Title, "harmony up", "ms", harmony) { Bound = 0.3, Peer = Peer });
        if (missing is null)
        {
            bench.Add(new(Title, Peer, "ms", kubectl));
            await Kubectl.RunAsync(bench, "delete", "namespace", "fifty-by-kubectl");
        }
        else
        {
            bench.AddMissing(Title, Peer, missing);
        }

        await bench.Harmony.RunAsync("down", project);
    }
}

using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary><c>harmony up</c> again where nothing has changed, beside <c>kubectl apply --server-side</c> of the same files on the same API server.</summary>
internal sealed class UnchangedBudget : IBudget
{
    private const string Peer = "kubectl apply";
    private const string Unvalidated = "kubectl apply --validate=false";
    private const string Namespace = "fifty-by-kubectl";

    public string Title => "50 objects, nothing changed";

    public async Task MeasureAsync(Bench bench)
    {
        var project = ConfigMaps.Write(bench, "fifty", 50);
        await bench.Harmony.RunAsync("up", project);
        var missing = Kubectl.Missing;
        if (missing is null)
        {
            await Kubectl.RunAsync(bench, "create", "namespace", Namespace);
            await ApplyAsync(bench, project);
        }

        List<double> harmony = [], kubectl = [], unvalidated = [];
        for (var run = 0; run < bench.Runs; run++)
        {
            harmony.Add((await bench.Harmony.RunAsync("up", project)).Milliseconds);
            if (missing is null)
            {
                kubectl.Add(await ApplyAsync(bench, project));
                unvalidated.Add(await ApplyAsync(bench, project, "--validate=false"));
            }
        }

        bench.Add(new(Title, "harmony up", "ms", harmony) { Bound = 0.3, Peer = Peer });
        if (missing is null)
        {
            bench.Add(new(Title, Peer, "ms", kubectl));
            bench.Add(new(Title, Unvalidated, "ms", unvalidated));
            await Kubectl.RunAsync(bench, "delete", "namespace", Namespace);
        }
        else
        {
            bench.AddMissing(Title, Peer, missing);
        }

        await bench.Harmony.RunAsync("down", project);
    }

    private static async Task<double> ApplyAsync(Bench bench, string project, params string[] more) =>
        (await Kubectl.RunAsync(bench, ["apply", "--server-side", .. more, "-n", Namespace, "-f", project])).Milliseconds;
}

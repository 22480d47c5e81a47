using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary>New objects in number: it must grow linearly, and stay below a share of what kubectl takes on the same API server.</summary>
internal sealed class ManyObjectsBudget : IBudget
{
    private const string Peer = "kubectl apply";
    private const string Unvalidated = "kubectl apply --validate=false";
    private const string Namespace = "many-by-kubectl";

    public string Title => "1,000 objects applied";

    public async Task MeasureAsync(Bench bench)
    {
        await bench.Harmony.StartAsync();
        foreach (var count in (int[])[200, 500, 1000])
        {
            var what = count == 1000 ? Title : $"{count} objects applied";
            var project = ConfigMaps.Write(bench, $"many-{count}", count);
            List<double> harmony = [], kubectl = [], unvalidated = [];
            for (var run = 0; run < bench.Runs; run++)
            {
                harmony.Add((await bench.Harmony.RunAsync("up", project)).Milliseconds);
                await bench.Harmony.RunAsync("down", project);
                if (Kubectl.Missing is null)
                {
                    kubectl.Add(await ApplyAsync(bench, project));
                    unvalidated.Add(await ApplyAsync(bench, project, "--validate=false"));
                }
            }

            bench.Add(new(what, "harmony up", "ms", harmony) { Bound = 0.3, Peer = Peer });
            if (Kubectl.Missing is { } missing)
            {
                bench.AddMissing(what, Peer, missing);
                continue;
            }

            bench.Add(new(what, Peer, "ms", kubectl));
            bench.Add(new(what, Unvalidated, "ms", unvalidated));
        }
    }

    /// <summary>Into a namespace that is new, as harmony's is.</summary>
    private static async Task<double> ApplyAsync(Bench bench, string project, params string[] more)
    {
        await Kubectl.RunAsync(bench, "create", "namespace", Namespace);
        var took = await Kubectl.RunAsync(bench, ["apply", "--server-side", .. more, "-n", Namespace, "-f", project]);
        await Kubectl.RunAsync(bench, "delete", "namespace", Namespace);
        return took.Milliseconds;
    }
}

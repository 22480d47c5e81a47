using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary>How long harmony takes to say its version, which every use of it takes at least.</summary>
internal sealed class VersionBudget : IBudget
{
    public string Title => "--version";

    public async Task MeasureAsync(Bench bench)
    {
        (string Name, string Program, string[] Arguments)[] subjects =
            [("harmony", bench.Harmony.Path, ["--version"]), ("docker", "docker", ["--version"]), ("kubectl", "kubectl", ["version", "--client"])];
        var present = subjects.Where(s => Installed.Find(s.Program) is not null).ToList();
        var times = present.ToDictionary(s => s.Name, _ => new List<double>(), StringComparer.Ordinal);
        var sizes = present.ToDictionary(s => s.Name, _ => new List<double>(), StringComparer.Ordinal);

        // One more than the others, and the first does not count: it reads the program from the disk.
        for (var run = 0; run <= 3 * bench.Runs; run++)
        {
            foreach (var (name, program, arguments) in present)
            {
                var took = await Launched.RunAsync(program, arguments, null, bench.Cancellation);
                if (run > 0)
                {
                    times[name].Add(took.Milliseconds);
                }
            }
        }

        foreach (var (name, program, arguments) in present)
        {
            sizes[name].AddRange(Enumerable.Range(0, bench.Runs).Select(_ => ProcessUse.LargestResident(program, arguments)));
        }

        foreach (var (name, _, _) in subjects)
        {
            if (!times.TryGetValue(name, out var values))
            {
                bench.AddMissing(Title, name, "not installed");
                continue;
            }

            bench.Add(new(Title, name, "ms", values) { Bound = name == "harmony" ? 25 : null });
        }

        foreach (var (name, values) in sizes)
        {
            bench.Add(new(Title + ", resident at most", name, "MB", values) { Bound = name == "harmony" ? 40 : null });
        }
    }
}

using System.Runtime.InteropServices;
using Harmony.Benchmarks;
using Harmony.Benchmarks.Budgets;
using Harmony.Benchmarks.Subjects;

var runs = 7;
string? only = null;
var json = false;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--runs" when i + 1 < args.Length && int.TryParse(args[i + 1], out runs) && runs > 0:
        case "--only" when i + 1 < args.Length && (only = args[i + 1]).Length > 0:
            i++;
            break;
        case "--json":
            json = true;
            break;
        default:
            await Console.Error.WriteLineAsync("usage: bench/run [--runs N] [--only WORD] [--json]");
            return 2;
    }
}

if (Environment.GetEnvironmentVariable("HARMONY_BENCH_BINARY") is not { Length: > 0 } binary || !File.Exists(binary))
{
    await Console.Error.WriteLineAsync("error: HARMONY_BENCH_BINARY names no binary; bench/run sets it");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
try
{
    await using var bench = new Bench(binary, runs, stop.Token);
    var machine = await Machine.DescribeAsync(bench);
    foreach (var budget in (IBudget[])[new VersionBudget(), new ContainerBudget(), new WebAssemblyBudget(), new IdleBudget(), new UnchangedBudget(), new ManyObjectsBudget()])
    {
        if (only is null || budget.Title.Contains(only, StringComparison.OrdinalIgnoreCase))
        {
            await Console.Error.WriteLineAsync($"{budget.Title} ...");
            await budget.MeasureAsync(bench);
        }
    }

    Console.Out.Write(json ? Report.Json(machine, bench.Rows) : Report.Table(machine, bench.Rows));
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (BenchException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message}");
    return 1;
}

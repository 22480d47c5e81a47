using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Harmony.Cli.Interaction;

/// <summary>
/// Shows a launch on a terminal: finished steps as lines that stay, the present step and a row a workload below them, redrawn as they change.
/// </summary>
internal sealed class LiveLaunchView(Terminal terminal) : ILaunchObserver
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(80);
    private readonly Lock gate = new();
    private readonly List<IRenderable> done = [];
    private string? present;
    private IReadOnlyList<WorkloadProgress> workloads = [];
    private int beat;

    /// <summary>Draws while <paramref name="work"/> runs; what is on the screen at its end stays.</summary>
    public async Task<T> RunAsync<T>(Task<T> work)
    {
        await terminal.Talk.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Ellipsis).StartAsync(async display =>
        {
            while (!work.IsCompleted)
            {
                display.UpdateTarget(Draw());
                display.Refresh();
                await Task.WhenAny(work, Task.Delay(Frame));
            }

            lock (gate)
            {
                present = null;
            }

            display.UpdateTarget(Draw());
        });
        return await work;
    }

    public void Started(LaunchStep step, string what)
    {
        lock (gate)
        {
            present = what;
        }
    }

    public void Progressed(LaunchStep step, string what)
    {
        lock (gate)
        {
            present = what;
        }
    }

    public void Finished(LaunchStep step, string result)
    {
        lock (gate)
        {
            present = null;
            if (step is not LaunchStep.Wait)
            {
                done.Add(new Markup($"[green]✓[/] [grey]{Words.Of(step),-9}[/] {Markup.Escape(result)}"));
            }
        }
    }

    public void Noticed(string note)
    {
        lock (gate)
        {
            done.Add(new Markup($"[cyan]note[/]: {Markup.Escape(note)}"));
        }
    }

    public void WorkloadsChanged(IReadOnlyList<WorkloadProgress> workloads)
    {
        lock (gate)
        {
            this.workloads = workloads;
        }
    }

    private Rows Draw()
    {
        lock (gate)
        {
            var rows = new List<IRenderable>(done);
            if (workloads.Count > 0)
            {
                var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(2).PadRight(2)).AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap()).AddColumn();
                foreach (var workload in workloads)
                {
                    var colour = Words.Colour(workload.Stage);
                    grid.AddRow(
                        new Markup($"[{colour}]{(workload.IsDone ? "✓" : workload.Stage == WorkloadStage.Failing ? "✗" : Spin())}[/] {Markup.Escape(workload.Workload.ToString())}"),
                        new Markup($"[{colour}]{Words.Of(workload.Stage)}[/]"),
                        new Text($"{workload.Ready}/{workload.Wanted}"),
                        new Text(workload.IsDone ? "" : workload.Detail, new Style(Color.Grey)));
                }

                rows.Add(grid);
            }

            if (present is not null)
            {
                rows.Add(new Markup($"[yellow]{Spin()}[/] {Markup.Escape(present)}"));
            }

            beat++;
            return new Rows(rows);
        }
    }

    private string Spin() => "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[beat % 10].ToString();
}

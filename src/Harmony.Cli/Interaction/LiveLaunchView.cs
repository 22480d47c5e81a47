using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Harmony.Cli.Interaction;

/// <summary>
/// Shows a launch on a terminal: finished steps as lines that stay, below them a row a workload and the present step, redrawn as they change and never
/// more than fit on the screen.
/// </summary>
internal sealed class LiveLaunchView(Terminal terminal) : ILaunchObserver
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(80);
    private readonly Lock gate = new();
    private readonly Queue<string> said = new();
    private string? present;
    private IReadOnlyList<WorkloadProgress> workloads = [];
    private int beat;

    /// <summary>Draws while <paramref name="work"/> runs, and hands on what it ends with. What is on the screen then stays.</summary>
    public async Task<T> RunAsync<T>(Task<T> work)
    {
        try
        {
            await terminal.Talk.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Ellipsis).StartAsync(async display =>
            {
                while (!work.IsCompleted)
                {
                    SayFinished();
                    display.UpdateTarget(Draw());
                    await Task.WhenAny(work, Task.Delay(Frame));
                }

                SayFinished();
                lock (gate)
                {
                    present = null;
                }

                display.UpdateTarget(Draw());
            });
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ArgumentException)
        {
            // A terminal that cannot be drawn on must not stop the launch.
            return await work;
        }

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
                said.Enqueue($"[green]✓[/] [grey]{Words.Of(step),-9}[/] {Markup.Escape(result)}");
            }
        }
    }

    public void Noticed(string note)
    {
        lock (gate)
        {
            said.Enqueue($"[cyan]note[/]: {Markup.Escape(note)}");
        }
    }

    public void WorkloadsChanged(IReadOnlyList<WorkloadProgress> workloads)
    {
        lock (gate)
        {
            this.workloads = workloads;
        }
    }

    /// <summary>What is written while a live display runs goes above it, and stays.</summary>
    private void SayFinished()
    {
        List<string> lines;
        lock (gate)
        {
            lines = [.. said];
            said.Clear();
        }

        lines.ForEach(terminal.SayMarkup);
    }

    internal Rows Draw()
    {
        lock (gate)
        {
            beat++;
            var rows = new List<IRenderable>();
            // The last line stays free for the cursor, one is for the present step.
            var room = Math.Max(1, terminal.Talk.Profile.Height - 3);
            var shown = workloads.Count <= room ? workloads : [.. workloads.OrderBy(w => w.IsDone).ThenByDescending(w => w.Stage == WorkloadStage.Failing).Take(room - 1)];
            if (shown.Count > 0)
            {
                rows.AddRange(Lines(shown, terminal.Talk.Profile.Width - 1));
            }

            if (shown.Count < workloads.Count)
            {
                rows.Add(new Markup($"  [grey]and {workloads.Count - shown.Count} more[/]"));
            }

            if (present is not null)
            {
                rows.Add(new Markup($"[yellow]{Spin()}[/] {Markup.Escape(Crop(Words.OneLine(present), terminal.Talk.Profile.Width - 3))}"));
            }

            return new Rows(rows);
        }
    }

    /// <summary>One line a workload however narrow the screen is: a table would break its rows.</summary>
    private IEnumerable<IRenderable> Lines(IReadOnlyList<WorkloadProgress> shown, int width)
    {
        const int stageWidth = 9;
        const int readyWidth = 5;
        const int gaps = 10;
        var longest = shown.Max(w => w.Workload.ToString().Length);
        var nameWidth = Math.Max(2, Math.Min(longest, Math.Min(Math.Max(width / 2, 20), width - stageWidth - readyWidth - gaps)));
        var detailWidth = width - nameWidth - stageWidth - readyWidth - gaps;
        foreach (var workload in shown)
        {
            var colour = Words.Colour(workload.Stage);
            var mark = workload.IsDone ? "✓" : workload.Stage == WorkloadStage.Failing ? "✗" : Spin();
            var name = Crop(workload.Workload.ToString(), nameWidth).PadRight(nameWidth);
            var ready = $"{workload.Ready}/{workload.Wanted}".PadRight(readyWidth);
            var detail = workload.IsDone ? "" : Crop(Words.OneLine(workload.Detail), detailWidth);
            yield return new Markup($"  [{colour}]{mark} {Markup.Escape(name)}  {Words.Of(workload.Stage).PadRight(stageWidth)}[/]  {ready}  [grey]{Markup.Escape(detail)}[/]");
        }
    }

    private static string Crop(string text, int width) => width < 2 ? "" : text.Length <= width ? text : text[..(width - 1)] + "…";

    private string Spin() => "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[beat % 10].ToString();
}

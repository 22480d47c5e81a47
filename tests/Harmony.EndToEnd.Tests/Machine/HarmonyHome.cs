namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>
/// A machine with nothing of harmony on it: an empty <c>HARMONY_HOME</c>, and the program run with it. At its end the runtime is stopped, and nothing of
/// it may be left on the machine.
/// </summary>
internal sealed class HarmonyHome : IAsyncDisposable
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(4);

    private readonly string _root = Directory.CreateTempSubdirectory("harmony-e2e-").FullName;

    public HarmonyHome()
    {
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(Projects);
    }

    /// <summary>The <c>HARMONY_HOME</c>.</summary>
    public string Path => System.IO.Path.Combine(_root, "home");

    /// <summary>Where the tests write their projects.</summary>
    public string Projects => System.IO.Path.Combine(_root, "projects");

    /// <summary>All that is of this home; for what has to be readable by others.</summary>
    public string Root => _root;

    public Dictionary<string, string?> Environment { get; } = new(StringComparer.Ordinal) { ["HARMONY_RUNTIME"] = null, ["KUBECONFIG"] = null, ["NO_COLOR"] = "1" };

    /// <summary>Words before the program's own: how to become another user.</summary>
    public IReadOnlyList<string> Prefix { get; set; } = [];

    /// <summary>The program.</summary>
    public string Program { get; set; } = Binary.Path;

    public string State(string file) => System.IO.Path.Combine(Path, "state", file);

    public string Kubeconfig => System.IO.Path.Combine(Path, "data", "embedded", "kubeconfig");

    /// <summary>Makes a project's folder of these files.</summary>
    public string Project(string name, params (string File, string Text)[] files)
    {
        var folder = System.IO.Path.Combine(Projects, name);
        Directory.CreateDirectory(folder);
        foreach (var (file, text) in files)
        {
            File.WriteAllText(System.IO.Path.Combine(folder, file), text);
        }

        return folder;
    }

    /// <summary>A copy of an example, for tests that change it.</summary>
    public string CopyOf(string example, string name) =>
        Project(name, [.. Directory.GetFiles(Repository.Example(example)).Select(f => (System.IO.Path.GetFileName(f), File.ReadAllText(f)))]);

    public void Write(string file, string text) => File.WriteAllText(System.IO.Path.Combine(Path, file), text);

    public RunningProgram Start(params string[] arguments) => StartWithInput("", arguments);

    private RunningProgram StartWithInput(string input, string[] arguments)
    {
        string[] words = [.. Prefix, Program, .. arguments];
        return StartOther(words[0], words[1..], input);
    }

    /// <summary>Another program with this home in its environment.</summary>
    public RunningProgram StartOther(string program, IEnumerable<string> arguments, string input = "") =>
        RunningProgram.Start(program, arguments, new Dictionary<string, string?>(Environment, StringComparer.Ordinal) { ["HARMONY_HOME"] = Path }, Projects, input);

    /// <summary>Runs harmony to its end.</summary>
    public Task<Outcome> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    public async Task<Outcome> RunWithInputAsync(string input, params string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var running = StartWithInput(input, arguments);
        return await running.EndAsync(s_bound, cancellation);
    }

    /// <summary><c>harmony up</c> with JSON and whatever ports are free; must work.</summary>
    public async Task<System.Text.Json.Nodes.JsonNode> UpAsync(string source, params string[] arguments) =>
        (await RunAsync(["up", source, "--any-port", "-o", "json", .. arguments])).Ends(0).Json;

    /// <summary>Launches what does not work; returns its first finding and the outcome.</summary>
    public async Task<(System.Text.Json.Nodes.JsonNode Finding, string Outcome)> FailAsync(string folder)
    {
        var launch = (await RunAsync("up", folder, "--any-port", "--timeout", "3m", "-o", "json")).Ends(1).Json;
        launch["findings"]!.AsArray().ShouldNotBeEmpty(launch.ToJsonString());
        return (launch["findings"]![0]!, launch["outcome"]!.GetValue<string>());
    }

    /// <summary>The process of the embedded runtime.</summary>
    public int RuntimeProcess => Leftovers.Own(Path).Single(p => Leftovers.CommandLine(p).Contains(" embedded serve", StringComparison.Ordinal));

    /// <summary>The process that serves published ports.</summary>
    public int PortProcess => Leftovers.Own(Path).Single(p => Leftovers.CommandLine(p).Contains(" ports serve", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await using (var stop = Start("runtime", "stop"))
            {
                (await stop.EndAsync(TimeSpan.FromMinutes(2), bound.Token)).Ends(0);
            }

            IReadOnlyList<string> left = await Leftovers.FindAsync(Path, bound.Token);
            for (var patience = 0; left.Count > 0 && patience < 50; patience++)
            {
                // The port server ends on its own once the last port is gone.
                await Task.Delay(100, bound.Token);
                left = await Leftovers.FindAsync(Path, bound.Token);
            }

            left.ShouldBeEmpty("`harmony runtime stop` left this behind");
        }
        finally
        {
            await ForceAwayAsync(bound.Token);
        }
    }

    /// <summary>Whatever a failed test left: so that the next one does not suffer from it. Never removes a folder that something is mounted in.</summary>
    private async Task ForceAwayAsync(CancellationToken cancellation)
    {
        if ((await Leftovers.FindAsync(Path, cancellation)).Count > 0)
        {
            await KillAndCleanAsync(cancellation);
        }

        if (Leftovers.Mounts(Path).Count == 0)
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    private async Task KillAndCleanAsync(CancellationToken cancellation)
    {
        foreach (var process in Leftovers.Processes(Path))
        {
            Signals.TrySend(process, Signals.Kill);
        }

        await using var clean = Start("runtime", "stop");
        await clean.EndAsync(TimeSpan.FromMinutes(1), cancellation);
    }
}

using Harmony.Platform.Paths;
using Harmony.Platform.Privileges;
using Harmony.Platform.Processes;
using Harmony.Runtimes.Embedded;
using Harmony.Testing;

namespace Harmony.Runtimes.Tests.Embedded;

/// <summary>The process is a shell script that behaves as <c>harmony embedded serve</c> does; the API behind it is in this process.</summary>
public sealed class EmbeddedRuntimeTests : IAsyncLifetime
{
    private const string Loop = "while :; do sleep 0.02; done";

    private readonly TemporaryFolder folder = new();
    private readonly Progress<string> progress = new();
    private FakeApiServer api = null!;

    private HarmonyPaths Paths => HarmonyPaths.Under(folder.File("home"));

    private string Endpoint => Path.Combine(Paths.Embedded, "endpoint.json");

    private string PidFile => Path.Combine(Paths.State, "embedded.pid");

    private string Log => Path.Combine(Paths.State, "embedded.log");

    /// <summary>Serves at once, and removes its endpoint file when it is asked to end.</summary>
    private string Serving => $$"""
        mkdir -p '{{Paths.Embedded}}'
        echo start >> '{{folder.File("starts")}}'
        echo "$HARMONY_HOME" > '{{folder.File("home-given")}}'
        trap 'rm -f "{{Endpoint}}"; exit 0' TERM
        cp '{{folder.File("kubeconfig")}}' '{{Paths.Embedded}}/kubeconfig'
        echo "{\"pid\": $$, \"url\": \"{{api.Url}}\", \"version\": \"v1.36.2\"}" > '{{Endpoint}}.tmp'
        mv '{{Endpoint}}.tmp' '{{Endpoint}}'
        """;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The process is a Unix shell script.");
        api = await FakeApiServer.StartAsync();
        folder.Write("kubeconfig", api.Kubeconfig);
    }

    public async ValueTask DisposeAsync()
    {
        if (DetachedProcess.Find(PidFile) is { } left)
        {
            Signal.Send(left.Identity, Signal.Kill);
        }

        if (api is not null)
        {
            await api.DisposeAsync();
        }

        folder.Dispose();
    }

    [Fact]
    public async Task It_is_started_once_and_known_as_running()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.NotInstalled);

        await runtime.StartAsync(progress, CancellationToken.None);
        await runtime.StartAsync(progress, CancellationToken.None);

        Starts().ShouldBe(1);
        File.ReadAllText(folder.File("home-given")).Trim().ShouldBe(folder.File("home"));
        var status = await runtime.GetStatusAsync(CancellationToken.None);
        status.State.ShouldBe(RuntimeState.Running);
        status.Version.ShouldBe("v1.36.2");
        status.Endpoint.ShouldBe(api.Url);
        status.Managed.ShouldBeTrue();
        status.MemoryBytes!.Value.ShouldBeGreaterThan(0);
        File.Exists(runtime.Kubeconfig.Path).ShouldBeTrue();
    }

    [Fact]
    public async Task Two_starts_at_once_start_one()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Runtime($"sleep 0.2\n{Serving}\n{Loop}").StartAsync(progress, CancellationToken.None)));

        Starts().ShouldBe(1);
    }

    [Fact]
    public async Task The_start_returns_only_when_it_is_ready()
    {
        api.Readiness = (500, "[+]ping ok\n[-]node failed: the node is not Ready\nreadyz check failed");
        var runtime = Runtime($"{Serving}\n{Loop}");
        var starting = runtime.StartAsync(progress, CancellationToken.None);
        await Eventually.Async(() => File.Exists(Endpoint));
        var status = await runtime.GetStatusAsync(CancellationToken.None);
        starting.IsCompleted.ShouldBeFalse();
        status.State.ShouldBe(RuntimeState.Starting);
        status.Detail.ShouldBe("node failed: the node is not Ready");

        api.Readiness = (200, "ok");

        await starting;
    }

    [Fact]
    public async Task A_process_that_dies_is_explained_by_what_it_logged_this_time()
    {
        Directory.CreateDirectory(Paths.State);
        await File.WriteAllTextAsync(Log, "10:00 error store: an old error\n");
        var runtime = Runtime("echo '10:01 info host: hello'; echo '10:02 error store: the database is damaged' >&2; exit 1");

        var error = await Should.ThrowAsync<RuntimeException>(() => runtime.StartAsync(progress, CancellationToken.None));

        error.Code.ShouldBe(RuntimeError.DidNotStart);
        error.Message.ShouldContain("the database is damaged");
        error.Message.ShouldNotContain("an old error");
        error.Message.ShouldNotContain("hello");
        error.Hint!.ShouldContain(Log);
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.NotInstalled);
    }

    [Fact]
    public async Task One_that_never_gets_ready_is_ended_and_explained()
    {
        api.Readiness = (500, "[+]ping ok\n[-]node failed: the node is not Ready\nreadyz check failed");
        var runtime = Runtime($"{Serving}\n{Loop}", new EmbeddedSettings { StartTimeout = TimeSpan.FromSeconds(1) });

        var error = await Should.ThrowAsync<RuntimeException>(() => runtime.StartAsync(progress, CancellationToken.None));

        error.Code.ShouldBe(RuntimeError.TimedOut);
        error.ExitCode.ShouldBe(4);
        error.Message.ShouldContain("node is not Ready");
        DetachedProcess.Find(PidFile).ShouldBeNull();
    }

    [Fact]
    public async Task One_that_was_started_without_being_written_down_is_found_again()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        await runtime.StartAsync(progress, CancellationToken.None);
        File.Delete(PidFile);

        await runtime.StartAsync(progress, CancellationToken.None);

        Starts().ShouldBe(1);
        DetachedProcess.Find(PidFile).ShouldNotBeNull();
    }

    [Fact]
    public async Task One_that_was_started_without_being_written_down_is_found_by_its_lock_before_it_serves()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "flock(1) is a tool of Linux.");
        Directory.CreateDirectory(Paths.Embedded);
        var lockFile = Path.Combine(Paths.Embedded, "lock");
        var script = $"echo \"$$\" > '{lockFile}'; echo 'serving the embedded runtime' >> '{lockFile}'; echo held; sleep 1\n{Serving}\n{Loop}";
        var orphan = DetachedProcess.Start(Command.Of("flock", "--no-fork", lockFile, "sh", "-c", script), folder.File("orphan.log"), null);
        try
        {
            await Eventually.Async(() => File.ReadAllText(folder.File("orphan.log")).Contains("held", StringComparison.Ordinal));

            await Runtime("exit 1").StartAsync(progress, CancellationToken.None);

            DetachedProcess.Find(PidFile)!.Id.ShouldBe(orphan.Id);
        }
        finally
        {
            Signal.Send(orphan.Identity, Signal.Kill);
        }
    }

    [Fact]
    public async Task After_a_kill_it_starts_again()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        await runtime.StartAsync(progress, CancellationToken.None);
        var killed = DetachedProcess.Find(PidFile)!;
        Signal.Send(killed.Identity, Signal.Kill);
        await killed.WaitForExitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.Stopped);

        await runtime.StartAsync(progress, CancellationToken.None);

        Starts().ShouldBe(2);
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.Running);
    }

    [Fact]
    public async Task Stopping_ends_the_process_and_cleans_up_what_it_left()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        await runtime.StartAsync(progress, CancellationToken.None);
        var running = DetachedProcess.Find(PidFile)!;

        await runtime.StopAsync(CancellationToken.None);

        running.IsAlive.ShouldBeFalse();
        File.Exists(folder.File("cleaned")).ShouldBeTrue();
        File.Exists(Endpoint).ShouldBeFalse();
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.Stopped);
    }

    [Fact]
    public async Task Stopping_what_was_killed_cleans_up_too_and_stopping_what_never_was_does_nothing()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        await runtime.StopAsync(CancellationToken.None);
        File.Exists(folder.File("cleaned")).ShouldBeFalse();
        Directory.CreateDirectory(Paths.Embedded);

        await runtime.StopAsync(CancellationToken.None);

        File.Exists(folder.File("cleaned")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_clean_up_that_fails_is_told_with_its_output()
    {
        Directory.CreateDirectory(Paths.Embedded);
        var runtime = Runtime(Loop, clean: "echo 'a mount is busy' >&2; exit 1");

        var error = await Should.ThrowAsync<RuntimeException>(() => runtime.StopAsync(CancellationToken.None));

        error.Code.ShouldBe(RuntimeError.DidNotStop);
        error.InnerException!.Message.ShouldContain("a mount is busy");
    }

    [Fact]
    public async Task Uninstalling_leaves_nothing()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        await runtime.StartAsync(progress, CancellationToken.None);

        await runtime.UninstallAsync(CancellationToken.None);

        Directory.GetFileSystemEntries(folder.File("home")).ShouldBeEmpty();
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.NotInstalled);
    }

    [Fact]
    public async Task Images_are_sent_and_a_refusal_is_told_in_the_servers_words()
    {
        var runtime = Runtime($"{Serving}\n{Loop}");
        var archive = folder.Write("image.tar", "an image");
        (await Should.ThrowAsync<RuntimeException>(() => runtime.LoadImagesAsync([archive], CancellationToken.None))).Code.ShouldBe(RuntimeError.NotAvailable);
        await runtime.StartAsync(progress, CancellationToken.None);

        await runtime.LoadImagesAsync([archive], CancellationToken.None);
        api.Images.ShouldBe(["an image"]);

        api.ImageAnswer = (400, """{"kind": "Status", "message": "no index.json in the archive"}""");
        var error = await Should.ThrowAsync<RuntimeException>(() => runtime.LoadImagesAsync([archive], CancellationToken.None));
        error.Code.ShouldBe(RuntimeError.ImageRefused);
        error.Message.ShouldContain("no index.json in the archive");
    }

    [Fact]
    public async Task A_damaged_endpoint_or_kubeconfig_is_no_reason_to_fall_over()
    {
        Directory.CreateDirectory(Paths.Embedded);
        await File.WriteAllTextAsync(Endpoint, $$"""{"pid": {{Environment.ProcessId}}, "url": "https://example.com"}""");
        await File.WriteAllTextAsync(Path.Combine(Paths.Embedded, "kubeconfig"), "{");
        var runtime = Runtime($"{Serving}\n{Loop}");
        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.Stopped);

        await runtime.StartAsync(progress, CancellationToken.None);

        (await runtime.GetStatusAsync(CancellationToken.None)).State.ShouldBe(RuntimeState.Running);
    }

    [Fact]
    public async Task A_large_log_is_put_aside_at_the_start()
    {
        Directory.CreateDirectory(Paths.State);
        await using (var log = new FileStream(Log, FileMode.Create))
        {
            log.SetLength(11 * 1024 * 1024);
        }

        await Runtime($"{Serving}\n{Loop}").StartAsync(progress, CancellationToken.None);

        new FileInfo(Log).Length.ShouldBeLessThan(1024 * 1024);
        File.Exists(Log + ".1").ShouldBeTrue();
    }

    [Theory]
    [InlineData(false, 0UL, "NotRoot")]
    [InlineData(true, 0UL, "NoCapabilities")]
    [InlineData(true, ulong.MaxValue, null)]
    public async Task Containers_need_root_and_WebAssembly_does_not(bool root, ulong capabilities, string? code)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere containers do not run at all.");
        var runtime = new EmbeddedRuntime(Paths, new CommandRunner(), privileges: () => new Privileges(root, capabilities));

        var checks = await runtime.CheckAsync(CancellationToken.None);

        checks.Select(c => c.Code).ShouldBe(code is null ? [] : [code]);
        checks.ShouldAllBe(c => !c.Blocks && c.StopsContainers);
    }

    [Fact]
    public async Task A_full_disk_is_told_before_anything_is_started()
    {
        var runtime = new EmbeddedRuntime(Paths, new CommandRunner(), new() { LeastFreeSpace = long.MaxValue });

        var full = (await runtime.CheckAsync(CancellationToken.None))[0];

        full.Code.ShouldBe("DiskFull");
        full.Blocks.ShouldBeTrue();
        full.Fix.ShouldContain("HARMONY_HOME");
    }

    private EmbeddedRuntime Runtime(string serve, EmbeddedSettings? settings = null, string? clean = null) => new(
        Paths,
        new CommandRunner(),
        settings,
        arguments => Command.Of("sh", "-c", arguments is ["embedded", "serve"] ? serve
            : arguments is ["embedded", "clean"] ? clean ?? $"touch '{folder.File("cleaned")}'"
            : throw new ArgumentException(string.Join(' ', arguments), nameof(arguments))));

    private int Starts() => File.ReadAllLines(folder.File("starts")).Length;
}

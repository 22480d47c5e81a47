using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Wasm;
using Harmony.Testing;

namespace Harmony.Embedded.Tests.Wasm;

public sealed class WasmRuntimeTests : IAsyncDisposable
{
    private readonly WasmBed _bed = new();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task What_a_command_prints_is_in_the_log_and_its_exit_code_is_the_containers()
    {
        var (id, exit) = await _bed.RunAsync("""
            (data (i32.const 100) "out\nto err\nno end")
            (func (export "_start")
              (call $print (i32.const 1) (i32.const 100) (i32.const 4))
              (call $print (i32.const 2) (i32.const 104) (i32.const 7))
              (call $print (i32.const 1) (i32.const 111) (i32.const 6))
              (call $exit (i32.const 3)))
            """);

        exit.ExitCode.ShouldBe(3);
        exit.Reason.ShouldBe("Error");
        _bed.Lines(id, "stdout").ShouldBe(["out", "no end"]);
        _bed.Lines(id, "stderr").ShouldBe(["to err"]);
    }

    [Fact]
    public async Task A_command_that_returns_has_completed()
    {
        var (_, exit) = await _bed.RunAsync("""(func (export "_start"))""");

        exit.ExitCode.ShouldBe(0);
        exit.Reason.ShouldBe("Completed");
    }

    [Fact]
    public async Task A_trap_ends_as_an_abort_does_and_is_in_the_log()
    {
        var (id, exit) = await _bed.RunAsync("""(func (export "_start") unreachable)""");

        exit.ExitCode.ShouldBe(134);
        string.Join('\n', _bed.Lines(id, "stderr")).ShouldContain("wasm `unreachable` instruction executed");
    }

    [Fact]
    public async Task The_environment_reaches_the_program_and_of_two_with_one_name_the_last_counts()
    {
        var (id, _) = await _bed.RunAsync(
            """
            (func (export "_start")
              (drop (call $env_sizes (i32.const 16) (i32.const 20)))
              (drop (call $env (i32.const 1024) (i32.const 2048)))
              (call $print (i32.const 1) (i32.const 2048) (i32.load (i32.const 20))))
            """,
            environment: ["A=1", "B=x=y", "A=2"]);

        _bed.Lines(id, "stdout").ShouldBe(["B=x=y\0A=2\0"]);
    }

    [Fact]
    public async Task An_endless_loop_ends_with_SIGTERM()
    {
        var id = await _bed.StartAsync(_bed.Spec(_bed.Write("loop.wat", $"(module {WasmBed.Prelude} (func (export \"_start\") (loop $l (br $l))))")));

        await _bed.Runtime.SignalAsync(id, "SIGTERM", default);

        (await _bed.WaitAsync(id)).ExitCode.ShouldBe(143);
    }

    [Fact]
    public async Task Stopping_one_container_leaves_the_others_running()
    {
        var module = _bed.Write("loop.wat", $"(module {WasmBed.Prelude} (func (export \"_start\") (loop $l (br $l))))");
        var (one, other) = (await _bed.StartAsync(_bed.Spec(module)), await _bed.StartAsync(_bed.Spec(module)));

        await _bed.Runtime.SignalAsync(one, "SIGKILL", default);
        await _bed.WaitAsync(one);

        var records = await _bed.Runtime.ListAsync(default);
        records.Single(r => r.Id == one).Exit!.ExitCode.ShouldBe(137);
        records.Single(r => r.Id == other).Exit.ShouldBeNull();
    }

    [Fact]
    public async Task A_sleeping_program_is_woken_by_SIGTERM()
    {
        // One subscription at 64: to the monotonic clock, relative, an hour.
        var id = await _bed.StartAsync(_bed.Spec(_bed.Write("sleep.wat", $$"""
            (module {{WasmBed.Prelude}}
              (data (i32.const 200) "asleep\n")
              (func (export "_start")
                (i32.store (i32.const 80) (i32.const 1))
                (i64.store (i32.const 88) (i64.const 3600000000000))
                (call $print (i32.const 1) (i32.const 200) (i32.const 7))
                (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 180)))
                (loop $l (br $l))))
            """)));
        await Eventually.Async(() => _bed.Lines(id, "stdout").Contains("asleep"));

        await _bed.Runtime.SignalAsync(id, "SIGTERM", default);

        (await _bed.WaitAsync(id)).ExitCode.ShouldBe(143);
    }

    [Fact]
    public async Task A_sleep_ends_with_one_event_of_its_subscription()
    {
        var (_, exit) = await _bed.RunAsync("""
            (func (export "_start")
              (i64.store (i32.const 64) (i64.const 42))
              (i32.store (i32.const 80) (i32.const 1))
              (i64.store (i32.const 88) (i64.const 1000000))
              (if (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 180)) (then (call $exit (i32.const 1))))
              (call $exit (i32.add (i32.load (i32.const 180)) (i32.load (i32.const 128)))))
            """);

        exit.ExitCode.ShouldBe(43);
    }

    [Fact]
    public async Task Memory_does_not_grow_over_the_limit()
    {
        var (_, exit) = await _bed.RunAsync(
            """(func (export "_start") (call $exit (i32.eq (memory.grow (i32.const 64)) (i32.const -1))))""",
            JsonNode.Parse("""{"resources":{"limits":{"memory":"1Mi"}}}""")!.AsObject());

        exit.ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_program_that_starts_with_more_memory_than_it_may_have_is_out_of_memory()
    {
        var (_, exit) = await _bed.RunAsync("""(func (export "_start"))""", JsonNode.Parse("""{"resources":{"limits":{"memory":"64Ki"}}}""")!.AsObject());

        exit.Reason.ShouldBe("OOMKilled");
        exit.ExitCode.ShouldBe(137);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 63)]
    public async Task A_volume_can_be_written_unless_it_is_read_only(bool readOnly, int errno)
    {
        var volume = Directory.CreateDirectory(Path.Combine(_bed.Folder, "volume")).FullName;

        // path_open(fd 3, …, "new", O_CREAT, rights to write)
        var (_, exit) = await _bed.RunAsync(
            """
            (data (i32.const 100) "new")
            (func (export "_start")
              (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 64))))
            """,
            mounts: [new ContainerMount(volume, "/data", readOnly)]);

        exit.ExitCode.ShouldBe(errno);
        File.Exists(Path.Combine(volume, "new")).ShouldBe(!readOnly);
    }

    [Fact]
    public async Task A_component_that_exports_run_is_run()
    {
        var id = await _bed.StartAsync(_bed.Spec(_bed.Write("component.wat", """
            (component
              (core module $m (func (export "run") (result i32) (i32.const 1)))
              (core instance $i (instantiate $m))
              (func $run (result (result)) (canon lift (core func $i "run")))
              (instance $e (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $e)))
            """)));

        (await _bed.WaitAsync(id)).ExitCode.ShouldBe(1);
    }

    [Theory]
    [InlineData("(module (bad))", "does not compile")]
    [InlineData("""(module (import "env" "f" (func)) (func (export "_start")))""", "imports \"env\" \"f\"")]
    [InlineData("(module)", "exports no function \"_start\"")]
    [InlineData("(component)", "exports no wasi:cli/run")]
    [InlineData("""(component (instance $e) (export "wasi:http/incoming-handler@0.2.0" (instance $e)))""", "wasi:http/incoming-handler")]
    public async Task What_cannot_be_run_is_refused_with_the_reason(string module, string reason)
    {
        var error = await Should.ThrowAsync<ContainerException>(() => _bed.StartAsync(_bed.Spec(_bed.Write("refused.wat", module))));

        error.Code.ShouldBe(ContainerError.CreateContainerError);
        error.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task An_image_without_a_module_is_refused()
    {
        var error = await Should.ThrowAsync<ContainerException>(() => _bed.StartAsync(_bed.Spec("nothing-there")));

        error.Message.ShouldContain("is not a WebAssembly module");
        error.Hint!.ShouldContain("runtimeClassName");
    }

    [Fact]
    public async Task Attach_streams_what_is_printed()
    {
        // Prints an x every 20 ms.
        var id = await _bed.StartAsync(_bed.Spec(_bed.Write("tick.wat", $$"""
            (module {{WasmBed.Prelude}}
              (data (i32.const 200) "x\n")
              (func (export "_start")
                (i32.store (i32.const 80) (i32.const 1))
                (i64.store (i32.const 88) (i64.const 20000000))
                (loop $l
                  (call $print (i32.const 1) (i32.const 200) (i32.const 2))
                  (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 180)))
                  (br $l))))
            """)));
        var output = new MemoryStream();
        var attached = _bed.Runtime.AttachAsync(id, new ExecRequest([]) { Output = output }, default);

        await Eventually.Async(() => output.Length >= 4);
        await _bed.Runtime.SignalAsync(id, "SIGKILL", default);
        await attached.WaitAsync(TimeSpan.FromSeconds(30));

        Encoding.ASCII.GetString(output.ToArray()).ShouldStartWith("x\nx\n");
    }

    [Fact]
    public async Task Exec_is_refused_with_the_reason() =>
        (await Should.ThrowAsync<ContainerException>(() => _bed.Runtime.ExecAsync("any", new ExecRequest(["sh"]), default))).Message.ShouldContain("no other program");

    [Fact]
    public async Task Nothing_is_left_of_a_deleted_container_but_its_log()
    {
        var (id, _) = await _bed.RunAsync("""(func (export "_start") unreachable)""");

        await _bed.Runtime.DeleteAsync(id, default);

        (await _bed.Runtime.ListAsync(default)).ShouldBeEmpty();
        File.Exists(_bed.LogOf(id)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_compiled_module_is_kept_and_a_spoilt_or_foreign_copy_is_not_believed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes are Unix's");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var large = $"(module {WasmBed.Prelude} (data (i32.const 1024) \"{new string('a', CompilationCache.SmallestKept)}\") (func (export \"_start\") (call $exit (i32.const 7))))";
        _bed.Write("large.wat", large);
        await _bed.WaitAsync(await _bed.StartAsync(_bed.Spec("large.wat")));
        var cached = Directory.GetFiles(Path.Combine(_bed.Folder, "data", "wasm-cache")).ShouldHaveSingleItem();
        var good = await File.ReadAllBytesAsync(cached);

        // Not machine code: Wasmtime refuses it. Writable by all: not even read.
        await File.WriteAllTextAsync(cached, "spoilt");
        (await RunWithFreshEngineAsync()).ShouldBe(7);
        (await File.ReadAllBytesAsync(cached)).Length.ShouldBe(good.Length);
        File.SetUnixFileMode(cached, (UnixFileMode)0b110_110_110);
        (await RunWithFreshEngineAsync()).ShouldBe(7);
        File.GetUnixFileMode(cached).ShouldBe((UnixFileMode)0b110_000_000);

        async Task<int> RunWithFreshEngineAsync()
        {
            await using var runtime = new WasmRuntime(new ModuleFolder(_bed.Folder), Path.Combine(_bed.Folder, "data"), TimeProvider.System);
            var spec = _bed.Spec("large.wat");
            await runtime.StartAsync(spec with { LogPath = _bed.LogOf(spec.Id) }, default);
            return (await runtime.WaitAsync(spec.Id, default).WaitAsync(TimeSpan.FromSeconds(30))).ExitCode;
        }
    }
}

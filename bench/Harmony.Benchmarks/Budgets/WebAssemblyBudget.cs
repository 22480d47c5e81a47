namespace Harmony.Benchmarks.Budgets;

/// <summary>From nothing running to a WebAssembly module that answers over HTTP. None of the peers runs one.</summary>
internal sealed class WebAssemblyBudget : IBudget
{
    private const string Module = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (global (export "http_port") i32 (i32.const 8080))
          (memory (export "memory") 1)
          (data (i32.const 16) "Content-Type: text/plain\n\nhello\n")
          (func (export "_start")
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 32))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    public string Title => "nothing running → WebAssembly Ready";

    public async Task MeasureAsync(Bench bench)
    {
        var project = Path.Combine(bench.Folder("module"), "hello.wat");
        await File.WriteAllTextAsync(project, Module, bench.Cancellation);
        var values = new List<double>();
        for (var run = 0; run < bench.Runs; run++)
        {
            values.Add((await bench.Harmony.RunAsync("up", "--any-port", project)).Milliseconds);
            await bench.Harmony.RunAsync("down", project);
            await bench.Harmony.StopAsync();
        }

        bench.Add(new(Title, "harmony up", "ms", values) { Bound = 500 });
    }
}

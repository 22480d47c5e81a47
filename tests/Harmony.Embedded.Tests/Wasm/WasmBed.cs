using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Wasm;

namespace Harmony.Embedded.Tests.Wasm;

/// <summary>A runtime on a folder of its own, modules as texts, and containers of them.</summary>
public sealed class WasmBed : IAsyncDisposable
{
    /// <summary>Imports and memory that most of the modules here need; fd_write is $write.</summary>
    public const string Prelude = """
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 2)
        (func $print (param $fd i32) (param $at i32) (param $length i32)
          (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length))
          (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
        """;

    private readonly List<string> _started = [];

    public WasmBed()
    {
        Folder = Directory.CreateTempSubdirectory("harmony-wasm-").FullName;
        Runtime = new(new ModuleFolder(Folder), Path.Combine(Folder, "data"), TimeProvider.System);
    }

    public string Folder { get; }

    public WasmRuntime Runtime { get; }

    public string LogOf(string id) => Path.Combine(Folder, "logs", id + ".log");

    /// <summary>The log's lines of one stream, without their heads.</summary>
    public IReadOnlyList<string> Lines(string id, string stream) =>
        [.. (File.Exists(LogOf(id)) ? File.ReadAllLines(LogOf(id)) : []).Select(l => l.Split(' ', 4)).Where(l => l[1] == stream).Select(l => l[3])];

    public string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(Folder, name), text);
        return name;
    }

    public ContainerSpec Spec(string module, JsonObject? container = null, IReadOnlyList<string>? environment = null, IReadOnlyList<ContainerMount>? mounts = null) => new()
    {
        Id = Guid.NewGuid().ToString("N"),
        Name = "main",
        PodName = "pod",
        PodNamespace = "default",
        PodUid = "uid",
        RestartCount = 0,
        Image = new("sha256:0", module, "sha256:0", new ImageConfig(), 0),
        Folder = Directory.CreateDirectory(Path.Combine(Folder, "containers", Guid.NewGuid().ToString("N"))).FullName,
        Arguments = [],
        Environment = environment ?? [],
        Mounts = mounts ?? [],
        Container = container ?? [],
        PodSpec = [],
        HostName = "pod",
        PodAddress = IPAddress.Loopback,
        LogPath = "",
    };

    /// <summary>Starts a container and returns its id.</summary>
    public async Task<string> StartAsync(ContainerSpec spec)
    {
        await Runtime.StartAsync(spec with { LogPath = LogOf(spec.Id) }, TestContext.Current.CancellationToken);
        _started.Add(spec.Id);
        return spec.Id;
    }

    /// <summary>Runs a module's text to its end.</summary>
    public async Task<(string Id, ContainerExit Exit)> RunAsync(string body, JsonObject? container = null, IReadOnlyList<string>? environment = null, IReadOnlyList<ContainerMount>? mounts = null)
    {
        var id = await StartAsync(Spec(Write("module.wat", $"(module {Prelude} {body})"), container, environment, mounts));
        return (id, await WaitAsync(id));
    }

    public Task<ContainerExit> WaitAsync(string id) => Runtime.WaitAsync(id, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

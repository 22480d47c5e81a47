using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Kubernetes.Objects;
using Quantity = Harmony.Kubernetes.Objects.Quantity;
using Wasmtime;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// Runs WebAssembly modules in this process: commands of WASI preview 1, components that export <c>wasi:cli/run</c>, and modules that export the
/// constant <c>http_port</c>, which are served over HTTP as CGI programs (WAGI). It needs no privileges and no Linux.
/// </summary>
public sealed class WasmRuntime : IContainerRuntime, IAsyncDisposable
{
    private static readonly TimeSpan LongestInitialization = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, WasmContainer> _containers = new(StringComparer.Ordinal);
    private readonly IImageStore _images;
    private readonly TimeProvider _time;
    private readonly WasmEngine _engine;

    /// <param name="dataFolder">The embedded runtime's own folder; compiled modules are kept in its <c>wasm-cache</c>.</param>
    public WasmRuntime(IImageStore images, string dataFolder, TimeProvider time)
    {
        _images = images;
        _time = time;
        _engine = new(Path.Combine(dataFolder, "wasm-cache"));
    }

    public string Handler => "wasmtime";

    public async Task StartAsync(ContainerSpec spec, CancellationToken cancellation)
    {
        var path = _images.FindModule(spec.Image) ?? throw new ContainerException(
            ContainerError.CreateContainerError,
            $"image \"{spec.Image.Reference}\" is not a WebAssembly module",
            "Remove runtimeClassName: wasmtime from the pod, or name an image that holds one module.");
        WasmContainer? container = null;
        try
        {
            var program = await _engine.LoadAsync(path, cancellation);
            var folders = GuestFolders.Of(spec);
            container = new WasmContainer(spec, _time);
            if (!_containers.TryAdd(spec.Id, container))
            {
                throw new ContainerException(ContainerError.CreateContainerError, $"container {spec.Id} exists already");
            }

            if (program.ServesHttp)
            {
                await ServeAsync(container, program, folders, cancellation);
            }
            else
            {
                var (output, error) = (new LogLines(container.Log, isError: false), new LogLines(container.Log, isError: true));
                container.Run(MakeRun(container.Spec, program, folders, new(output.Write, error.Write, container.Stopping)), output, error);
            }
        }
        catch (Exception e)
        {
            if (container is not null && _containers.TryRemove(new(spec.Id, container)))
            {
                await container.DisposeAsync();
            }

            throw e switch
            {
                WasmException w => new ContainerException(ContainerError.CreateContainerError, w.Message, w.Hint, w),
                IOException or UnauthorizedAccessException => new ContainerException(ContainerError.RunContainerError, $"starting the WebAssembly module: {e.Message}", inner: e),
                _ => e,
            };
        }
    }

    public Task<ContainerExit> WaitAsync(string containerId, CancellationToken cancellation) => Find(containerId).Exit.WaitAsync(cancellation);

    /// <summary>Those of this process: what ran in another is over.</summary>
    public Task<IReadOnlyList<ContainerRecord>> ListAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<ContainerRecord>>([.. _containers.Values.Select(c => c.Record)]);

    public Task SignalAsync(string containerId, string signal, CancellationToken cancellation)
    {
        if (_containers.TryGetValue(containerId, out var container))
        {
            container.Signal(signal);
        }

        return Task.CompletedTask;
    }

    public Task<int> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellation) => throw new ContainerException(
        ContainerError.RunContainerError,
        $"cannot run \"{string.Join(' ', request.Command)}\": a WebAssembly container holds one module and no other program");

    public async Task AttachAsync(string containerId, ExecRequest request, CancellationToken cancellation)
    {
        await foreach (var chunk in Find(containerId).Log.Follow().ReadAllAsync(cancellation))
        {
            if ((!chunk.IsError ? request.Output : request.Error ?? (request.Tty ? request.Output : null)) is { } destination)
            {
                await destination.WriteAsync(chunk.Bytes, cancellation);
                await destination.FlushAsync(cancellation);
            }
        }
    }

    public async Task DeleteAsync(string containerId, CancellationToken cancellation)
    {
        if (_containers.TryRemove(containerId, out var container))
        {
            await container.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _containers.Keys)
        {
            await DeleteAsync(id, CancellationToken.None);
        }

        // The engine is left to the end of the process: a thread may still be inside it.
        _engine.Interrupt();
    }

    private async Task ServeAsync(WasmContainer container, WasmProgram program, IReadOnlyList<Preopen> folders, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(LongestInitialization, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, container.Stopping, cancellation);
        var probe = MakeRun(container.Spec, program, folders, new(_ => { }, _ => { }, stop.Token));
        var port = await Task.Run(probe.ReadPort, cancellation);
        if (port is < 1 or > ushort.MaxValue)
        {
            throw new WasmException($"the module's {WasmProgram.PortExport} is {port.ToString(CultureInfo.InvariantCulture)}, which is not a port");
        }

        var server = new HttpWorkload(container.Spec, container.Log, run => MakeRun(container.Spec, program, folders, run).Execute(), _time, container.Stopping);
        container.Serve(server);
        await server.StartAsync([.. DeclaredPorts(container.Spec).Prepend(port).Distinct()], cancellation);
    }

    private WasiRun MakeRun(ContainerSpec spec, WasmProgram program, IReadOnlyList<Preopen> folders, RunRequest request) => new(_engine, program, _time)
    {
        Arguments = spec.Arguments.Count > 0 ? spec.Arguments : [spec.Name],
        Environment = LastOfEach([.. spec.Environment, .. request.Environment]),
        Folders = folders,
        Input = request.Input,
        Output = request.Output,
        Error = request.Error,
        Memory = spec.Container.At("resources", "limits", "memory").AsQuantity()?.Value,
        Stop = request.Stop,
    };

    /// <summary>C's getenv finds the first of a name; a pod's rule is that the last counts.</summary>
    private static List<string> LastOfEach(IReadOnlyList<string> variables) =>
        [.. variables.Reverse().DistinctBy(v => v.Split('=', 2)[0], StringComparer.Ordinal).Reverse()];

    private static IEnumerable<int> DeclaredPorts(ContainerSpec spec) =>
        spec.Container["ports"] is JsonArray ports
            ? ports.OfType<JsonObject>().Where(p => (string?)p["protocol"] is null or "TCP").Select(p => p["containerPort"]).OfType<JsonValue>().Select(v => v.GetValue<int>())
            : [];

    private WasmContainer Find(string id) =>
        _containers.TryGetValue(id, out var container) ? container : throw new ContainerException(ContainerError.NotFound, $"container {id} is not on this node");
}

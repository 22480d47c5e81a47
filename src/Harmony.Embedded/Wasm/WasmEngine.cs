using System.Collections.Concurrent;
using System.Security.Cryptography;
using Harmony.Platform.Files;
using Wasmtime;
using Wasmtime.Components;

namespace Harmony.Embedded.Wasm;

/// <summary>The one Wasmtime engine of this process, made when the first module comes. It compiles modules, each content once.</summary>
internal sealed class WasmEngine(string cacheFolder) : IDisposable
{
    /// <summary>A module larger than this is refused: bytes.</summary>
    public const long LargestModule = 256L * 1024 * 1024;

    private static readonly byte[] Magic = "\0asm"u8.ToArray();

    // Weak, so that what no container runs any more is freed.
    private readonly ConcurrentDictionary<string, WeakReference<WasmProgram>> _programs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _compiling = new(1);
    private readonly CompilationCache _cache = new(cacheFolder);
    private readonly Lazy<Engine> _engine = new(() => new Engine(new Config().WithEpochInterruption(true)));
    private Linker? _linker;
    private ComponentLinker? _componentLinker;

    public Engine Engine => _engine.Value;

    /// <summary>WASI preview 1 for modules, shared by all runs.</summary>
    public Linker Linker => LazyInitializer.EnsureInitialized(ref _linker, () => WasiClock.AddTo(new Linker(Engine)));

    /// <summary>WASI 0.2 for components, shared by all runs.</summary>
    public ComponentLinker ComponentLinker => LazyInitializer.EnsureInitialized(ref _componentLinker, () =>
    {
        var linker = new ComponentLinker(Engine);
        linker.AddWasiPreview2();
        return linker;
    });

    /// <summary>Makes every running program look at whether it should stop.</summary>
    public void Interrupt()
    {
        if (_engine.IsValueCreated)
        {
            Engine.IncrementEpoch();
        }
    }

    /// <summary>Reads and compiles a module, component or text.</summary>
    /// <exception cref="WasmException">It is malformed, too large, or of a kind that cannot be run here.</exception>
    public async Task<WasmProgram> LoadAsync(string path, CancellationToken cancellation)
    {
        if (Disk.Size(path) > LargestModule)
        {
            throw new WasmException($"the module is larger than {LargestModule >> 20} MiB");
        }

        var content = Disk.ReadBytes(path);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        if (Known(hash) is { } known)
        {
            return known;
        }

        await _compiling.WaitAsync(cancellation);
        try
        {
            if (Known(hash) is { } meanwhile)
            {
                return meanwhile;
            }

            var program = await Task.Run(() => Compile(content, hash), cancellation);
            _programs[hash] = new(program);
            return program;
        }
        finally
        {
            _compiling.Release();
        }
    }

    public void Dispose()
    {
        _linker?.Dispose();
        _componentLinker?.Dispose();
        if (_engine.IsValueCreated)
        {
            _engine.Value.Dispose();
        }

        _compiling.Dispose();
    }

    private WasmProgram? Known(string hash) => _programs.TryGetValue(hash, out var weak) && weak.TryGetTarget(out var program) ? program : null;

    private WasmProgram Compile(byte[] content, string hash)
    {
        try
        {
            if (!content.AsSpan().StartsWith(Magic))
            {
                content = ReadText(content);
            }

            // The first half of the fourth word tells a component (layer 1) from a module (layer 0).
            var component = content.Length >= 8 && content[6] == 1;
            return component
                ? WasmProgram.Of(
                    _cache.Find(hash, content.Length, b => Component.Deserialize(Engine, b))
                        ?? _cache.Keep(hash, content.Length, Component.FromBytes(Engine, content), c => c.Serialize()),
                    content)
                : WasmProgram.Of(
                    _cache.Find(hash, content.Length, b => Module.Deserialize(Engine, "module", b))
                        ?? _cache.Keep(hash, content.Length, Module.FromBytes(Engine, "module", content), m => m.Serialize()));
        }
        catch (WasmtimeException e)
        {
            throw new WasmException($"the module does not compile: {e.Message.Trim()}", inner: e);
        }
    }

    private static byte[] ReadText(byte[] content)
    {
        try
        {
            return Module.ConvertText(new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content));
        }
        catch (System.Text.DecoderFallbackException e)
        {
            throw new WasmException("the file is neither a WebAssembly module nor its text: it does not start with \"\\0asm\" and is not UTF-8", inner: e);
        }
    }
}

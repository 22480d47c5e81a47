using System.Text;
using Wasmtime;
using Wasmtime.Components;

namespace Harmony.Embedded.Wasm;

/// <summary>A compiled module or component, shared by all containers of the same content.</summary>
internal sealed class WasmProgram
{
    /// <summary>WAGI's way of saying "serve me": an exported constant with the port.</summary>
    public const string PortExport = "http_port";

    private static readonly byte[] HttpHandler = Encoding.ASCII.GetBytes("wasi:http/incoming-handler@");

    private WasmProgram(Module? module, Component? component)
    {
        Module = module;
        Component = component;
    }

    public Module? Module { get; }

    public Component? Component { get; }

    /// <summary>Whether it says that it wants to be served over HTTP.</summary>
    public bool ServesHttp =>
        Module?.Exports.OfType<GlobalExport>().Any(g => g.Name == PortExport && g.Kind == ValueKind.Int32 && g.Mutability == Mutability.Immutable) ?? false;

    /// <summary>Checks that the module is of a kind that can be run here.</summary>
    /// <exception cref="WasmException">It is not; the message says what it needs.</exception>
    public static WasmProgram Of(Module module)
    {
        foreach (var import in module.Imports)
        {
            if (import.ModuleName is not ("wasi_snapshot_preview1" or "wasi_unstable"))
            {
                throw new WasmException(
                    $"the module imports \"{import.ModuleName}\" \"{import.Name}\", which is not part of WASI",
                    "Build it for wasm32-wasip1 (WASI preview 1) without other imports.");
            }
        }

        if (!module.Exports.OfType<FunctionExport>().Any(f => f.Name == "_start"))
        {
            throw new WasmException("the module exports no function \"_start\"", "Build it as a command (a program with a main function), not as a library.");
        }

        return new(module, null);
    }

    /// <inheritdoc cref="Of(Module)"/>
    public static WasmProgram Of(Component component, ReadOnlySpan<byte> content)
    {
        if (RunInterface(component) is not null)
        {
            return new(null, component);
        }

        throw content.IndexOf(HttpHandler) >= 0
            ? new WasmException(
                "the component exports wasi:http/incoming-handler, which the embedded runtime cannot serve",
                "Build it as a module for wasm32-wasip1 that speaks CGI and exports the constant \"http_port\", or run the project on a cluster with a WebAssembly shim.")
            : new WasmException("the component exports no wasi:cli/run", "Build it as a command: cargo build --target wasm32-wasip2 of a program with a main function.");
    }

    /// <summary>The name of the <c>wasi:cli/run</c> that a component exports, with its version; null where there is none.</summary>
    public static string? RunInterface(Component component) =>
        Enumerable.Range(0, 20).Select(patch => $"wasi:cli/run@0.2.{patch}").FirstOrDefault(name =>
        {
            using var export = component.GetExport(name);
            return export is not null;
        });
}

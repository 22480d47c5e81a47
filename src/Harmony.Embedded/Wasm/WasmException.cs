namespace Harmony.Embedded.Wasm;

/// <summary>A WebAssembly module cannot be run here. It reaches the pod as a ContainerException.</summary>
internal sealed class WasmException(string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Hint { get; } = hint;
}

using Harmony.Platform.Files;
using Wasmtime;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// Machine code of modules that were compiled before. Wasmtime runs such a file without checking it, so one is only believed where nobody but
/// this user could have written it; a file of another version of Wasmtime is refused by Wasmtime itself, and compiled again.
/// </summary>
internal sealed class CompilationCache(string folder)
{
    /// <summary>Smaller modules compile faster than a file is flushed to the disk: bytes.</summary>
    public const int SmallestKept = 32 * 1024;

    private static readonly string EngineVersion = typeof(Engine).Assembly.GetName().Version?.ToString() ?? "0";

    public T? Find<T>(string hash, int size, DeserializeCode<T> deserialize)
        where T : class
    {
        var path = PathOf(hash);
        if (size < SmallestKept || !Disk.FileExists(path) || !Disk.IsWritableByOwnerOnly(folder) || !Disk.IsWritableByOwnerOnly(path))
        {
            return null;
        }

        try
        {
            return deserialize(Disk.ReadBytes(path));
        }
        catch (Exception e) when (e is WasmtimeException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public T Keep<T>(string hash, int size, T compiled, Func<T, byte[]> serialize)
    {
        if (size >= SmallestKept)
        {
            try
            {
                Disk.CreateFolder(folder);
                Disk.WriteAtomically(PathOf(hash), serialize(compiled));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Without the cache it only takes longer the next time.
            }
        }

        return compiled;
    }

    private string PathOf(string hash) => Path.Combine(folder, $"{hash}-{EngineVersion}.cwasm");
}

internal delegate T DeserializeCode<out T>(ReadOnlySpan<byte> code);

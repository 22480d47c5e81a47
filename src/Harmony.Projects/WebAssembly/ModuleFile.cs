using System.Security.Cryptography;
using System.Text;
using Harmony.Platform.Files;
using Harmony.Projects.Discovery;

namespace Harmony.Projects.WebAssembly;

/// <summary>A WebAssembly module of the project: what it is called, and whether it serves.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Shown">As the user sees it.</param>
/// <param name="Name">A DNS label.</param>
/// <param name="Port">The TCP port that it serves HTTP on; null for a command that runs to its end.</param>
internal sealed record ModuleFile(string Path, string Shown, string Name, string ContentHash, int? Port)
{
    private const long MostBytes = 512L * 1024 * 1024;
    private const int MostTextBytes = 16 * 1024 * 1024;
    private const int HashCharacters = 16;

    /// <summary>The image to make of it. Its tag tells the content, so that a changed module is another image.</summary>
    public WebAssemblyImage Image => new($"harmony.local/{Name}:sha256-{ContentHash[..HashCharacters]}", Path);

    /// <exception cref="ProjectException">The file cannot be read, or is no WebAssembly.</exception>
    public static ModuleFile Open(string path, string shown)
    {
        try
        {
            if (!Disk.IsOrdinaryFile(path))
            {
                throw ProjectException.At(ProjectError.Invalid, new(shown, 0), "this is a pipe, a socket or a device, not a file");
            }

            if (Disk.Size(path) > MostBytes)
            {
                throw ProjectException.At(ProjectError.TooLarge, new(shown, 0), $"the module has more than {MostBytes / 1_000_000} MB");
            }

            using var stream = Disk.OpenRead(path);
            var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
            stream.Position = 0;
            var port = System.IO.Path.GetExtension(path).Equals(".wat", StringComparison.OrdinalIgnoreCase) ? ReadTextPort(path, shown) : ReadBinaryPort(stream, shown);
            return new(path, shown, DnsLabel.ForService(System.IO.Path.GetFileNameWithoutExtension(path)), hash, Checked(port, shown));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProjectException.At(ProjectError.Invalid, new(shown, 0), "the module cannot be read", "Check its permissions.", e);
        }
    }

    private static long? ReadBinaryPort(Stream stream, string shown)
    {
        try
        {
            return ModuleBinary.ReadHttpPort(stream);
        }
        catch (InvalidDataException e)
        {
            throw ProjectException.At(ProjectError.Malformed, new(shown, 0), $"this is no WebAssembly module: {e.Message}", "Build it again, or check that it was downloaded whole.", e);
        }
    }

    private static long? ReadTextPort(string path, string shown)
    {
        var bytes = Disk.ReadBytes(path, MostTextBytes);
        return bytes.Length > MostTextBytes
            ? throw ProjectException.At(ProjectError.TooLarge, new(shown, 0), $"the module's text has more than {MostTextBytes / 1_000_000} MB")
            : ModuleText.ReadHttpPort(Encoding.UTF8.GetString(bytes));
    }

    private static int? Checked(long? port, string shown) => port is null or (> 0 and <= 65535)
        ? (int?)port
        : throw ProjectException.At(ProjectError.Invalid, new(shown, 0), $"the module exports http_port with the value {port}, which is no TCP port", "Use a port between 1 and 65535, such as 8080.");
}

using System.Buffers.Binary;
using System.Text;

namespace Harmony.Projects.WebAssembly;

/// <summary>
/// Reads of a WebAssembly binary only what tells whether it serves: sections are skipped unread but for the imports, globals and exports.
/// Source: https://webassembly.github.io/spec/core/binary/modules.html; components: the component model's Binary.md.
/// </summary>
internal static class ModuleBinary
{
    public const string PortExport = "http_port";
    public const string HandlerExport = "wasi:http/incoming-handler";
    public const int ComponentPort = 8080;

    private const uint Magic = 0x6D736100;
    private const uint ModuleVersion = 1;
    private const uint ComponentVersion = 0x0001000D;
    private const int LargestSection = 32 * 1024 * 1024;

    /// <summary>The port that the module or component serves HTTP on; null where it does not.</summary>
    /// <exception cref="InvalidDataException">It is neither a module nor a component.</exception>
    public static long? ReadHttpPort(Stream stream)
    {
        Span<byte> preamble = stackalloc byte[8];
        if (stream.ReadAtLeast(preamble, preamble.Length, throwOnEndOfStream: false) < preamble.Length || BinaryPrimitives.ReadUInt32LittleEndian(preamble) != Magic)
        {
            throw new InvalidDataException("it does not start as one");
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(preamble[4..]) switch
        {
            ModuleVersion => OfModule(stream),
            ComponentVersion => OfComponent(stream),
            var version => throw new InvalidDataException($"it has the unknown version 0x{version:x}"),
        };
    }

    private static long? OfModule(Stream stream)
    {
        const int imports = 2, globals = 6, exports = 7;
        var importedGlobals = 0u;
        var values = new List<int?>();
        foreach (var (id, section) in Sections(stream, id => id is imports or globals or exports))
        {
            var reader = new SectionReader(section);
            switch (id)
            {
                case imports:
                    importedGlobals = reader.CountImportedGlobals();
                    break;
                case globals:
                    values = reader.ReadGlobals();
                    break;
                case exports:
                    // Exports come after globals in every valid module.
                    return reader.FindGlobalExport(PortExport) is { } index && index >= importedGlobals && index - importedGlobals < values.Count
                        ? values[(int)(index - importedGlobals)]
                        : null;
            }
        }

        return null;
    }

    private static int? OfComponent(Stream stream)
    {
        const int exports = 11;
        var name = Encoding.UTF8.GetBytes(HandlerExport);
        return Sections(stream, id => id == exports).Any(s => s.Content.AsSpan().IndexOf(name) >= 0) ? ComponentPort : null;
    }

    private static IEnumerable<(int Id, byte[] Content)> Sections(Stream stream, Predicate<int> wanted)
    {
        int id;
        while ((id = stream.ReadByte()) >= 0)
        {
            var size = ReadSize(stream);
            if (size > stream.Length - stream.Position)
            {
                throw new InvalidDataException("it ends in the middle of a section");
            }

            if (!wanted(id))
            {
                stream.Position += size;
                continue;
            }

            if (size > LargestSection)
            {
                throw new InvalidDataException($"its section {id} is larger than {LargestSection} bytes");
            }

            var content = new byte[size];
            stream.ReadExactly(content);
            yield return (id, content);
        }
    }

    private static long ReadSize(Stream stream)
    {
        long value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = stream.ReadByte();
            if (next < 0)
            {
                break;
            }

            value |= (long)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        throw new InvalidDataException("it ends in the middle of a section's size");
    }
}

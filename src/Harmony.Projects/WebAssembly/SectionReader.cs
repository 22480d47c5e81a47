using System.Text;

namespace Harmony.Projects.WebAssembly;

/// <summary>Reads the content of one section of a core module.</summary>
internal sealed class SectionReader(byte[] content)
{
    private const byte Int32 = 0x7F;
    private const byte Int32Const = 0x41;
    private const byte End = 0x0B;
    private const byte GlobalKind = 3;

    private int position;

    /// <summary>Of the import section: how many of the imports are globals; they come first in the numbering.</summary>
    public uint CountImportedGlobals()
    {
        var globals = 0u;
        for (var left = ReadUnsigned(); left > 0; left--)
        {
            SkipName();
            SkipName();
            switch (ReadByte())
            {
                case 0:
                    ReadUnsigned();
                    break;
                case 1:
                    SkipReferenceType();
                    SkipLimits();
                    break;
                case 2:
                    SkipLimits();
                    break;
                case GlobalKind:
                    globals++;
                    SkipReferenceType();
                    ReadByte();
                    break;
                case 4:
                    ReadByte();
                    ReadUnsigned();
                    break;
                case var kind:
                    throw new InvalidDataException($"it imports something of the unknown kind {kind}");
            }
        }

        return globals;
    }

    /// <summary>Of the global section: the value of each immutable i32 constant, null for every other global; as many as can be told.</summary>
    public List<int?> ReadGlobals()
    {
        var values = new List<int?>();
        for (var left = ReadUnsigned(); left > 0; left--)
        {
            var type = ReadByte();
            if (type is 0x63 or 0x64)
            {
                ReadSigned();
            }

            var mutable = ReadByte() != 0;
            if (type == Int32 && content.AsSpan(position) is [Int32Const, ..])
            {
                position++;
                var value = ReadSigned();
                if (ReadByte() != End)
                {
                    return values;
                }

                values.Add(mutable ? null : (int)value);
            }
            else if (SkipConstantExpression())
            {
                values.Add(null);
            }
            else
            {
                return values;
            }
        }

        return values;
    }

    /// <summary>Of the export section: the number of the global of this name; null where there is none.</summary>
    public uint? FindGlobalExport(string name)
    {
        for (var left = ReadUnsigned(); left > 0; left--)
        {
            var found = ReadName() == name;
            var kind = ReadByte();
            var index = ReadUnsigned();
            if (found && kind == GlobalKind)
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>False for an expression that is none of the simple ones: what follows cannot be told then.</summary>
    private bool SkipConstantExpression()
    {
        while (true)
        {
            switch (ReadByte())
            {
                case End:
                    return true;
                case Int32Const or 0x42 or 0xD0:
                    ReadSigned();
                    break;
                case 0x43:
                    Skip(4);
                    break;
                case 0x44:
                    Skip(8);
                    break;
                case 0x23 or 0xD2:
                    ReadUnsigned();
                    break;
                case 0x6A or 0x6B or 0x6C or 0x7C or 0x7D or 0x7E:
                    break;
                case 0xFD:
                    if (ReadUnsigned() != 12)
                    {
                        return false;
                    }

                    Skip(16);
                    break;
                default:
                    return false;
            }
        }
    }

    private void SkipLimits()
    {
        var flags = ReadUnsigned();
        ReadUnsigned();
        if ((flags & 1) != 0)
        {
            ReadUnsigned();
        }

        if ((flags & 8) != 0)
        {
            ReadUnsigned();
        }
    }

    private void SkipReferenceType()
    {
        if (ReadByte() is 0x63 or 0x64)
        {
            ReadSigned();
        }
    }

    private void SkipName() => Skip(ReadUnsigned());

    private string ReadName()
    {
        var length = ReadUnsigned();
        var start = position;
        Skip(length);
        return Encoding.UTF8.GetString(content, start, (int)length);
    }

    private void Skip(uint bytes)
    {
        if (bytes > content.Length - position)
        {
            throw Short();
        }

        position += (int)bytes;
    }

    private byte ReadByte() => position < content.Length ? content[position++] : throw Short();

    private uint ReadUnsigned()
    {
        var value = 0u;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = ReadByte();
            value |= (uint)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        throw Short();
    }

    private long ReadSigned()
    {
        long value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = ReadByte();
            value |= (long)(next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                // The number's sign is the highest bit of its last byte.
                return (next & 0x40) != 0 && shift + 7 < 64 ? value | (-1L << (shift + 7)) : value;
            }
        }

        throw Short();
    }

    private static InvalidDataException Short() => new("one of its sections ends too early");
}

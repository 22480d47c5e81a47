using System.Text;

namespace Harmony.Projects.Tests.WebAssembly;

/// <summary>Writes WebAssembly binaries by hand.</summary>
internal static class WasmBytes
{
    public static byte[] Module(params byte[][] sections) => [0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0, .. sections.SelectMany(s => s)];

    public static byte[] Component(params byte[][] sections) => [0x00, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0, .. sections.SelectMany(s => s)];

    public static byte[] Section(byte id, params byte[] content) => [id, .. Unsigned((uint)content.Length), .. content];

    /// <summary>A vector with its count.</summary>
    public static byte[] Vector(params byte[][] items) => [.. Unsigned((uint)items.Length), .. items.SelectMany(i => i)];

    public static byte[] Name(string text) => [.. Unsigned((uint)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] Global(int value, bool mutable = false) => [0x7F, mutable ? (byte)1 : (byte)0, 0x41, .. Signed(value), 0x0B];

    public static byte[] Export(string name, byte kind, uint index) => [.. Name(name), kind, .. Unsigned(index)];

    public static byte[] Unsigned(uint value)
    {
        var bytes = new List<byte>();
        do
        {
            var next = (byte)(value & 0x7F);
            value >>= 7;
            bytes.Add(value == 0 ? next : (byte)(next | 0x80));
        }
        while (value != 0);

        return [.. bytes];
    }

    private static byte[] Signed(int value)
    {
        var bytes = new List<byte>();
        while (true)
        {
            var next = (byte)(value & 0x7F);
            value >>= 7;
            if ((value == 0 && (next & 0x40) == 0) || (value == -1 && (next & 0x40) != 0))
            {
                bytes.Add(next);
                return [.. bytes];
            }

            bytes.Add((byte)(next | 0x80));
        }
    }
}

using System.Globalization;
using System.Text;

namespace Harmony.Testing.Images;

/// <summary>Tar archives byte by byte: also those that no decent tool writes.</summary>
public static class RawTar
{
    /// <summary>Devices are 1:3, times 1700000000.</summary>
    public static byte[] Write(params (string Name, char Type, string Content, string Target, int Mode, int User, int Group, (string Key, byte[] Value)? Pax)[] members)
    {
        var archive = new MemoryStream();
        foreach (var (name, type, content, target, mode, user, group, pax) in members)
        {
            if (pax is { } record)
            {
                var body = Record(record.Key, record.Value);
                Header(archive, "PaxHeaders/x", 'x', body.Length, "", 0, 0, 0);
                Content(archive, body);
            }

            var bytes = Encoding.UTF8.GetBytes(content);
            Header(archive, name, type, bytes.Length, target, mode, user, group);
            Content(archive, bytes);
        }

        archive.Write(new byte[1024]);
        return archive.ToArray();
    }

    private static byte[] Record(string key, byte[] value)
    {
        var rest = key.Length + value.Length + 3;
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
        {
            length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        }

        return [.. Encoding.UTF8.GetBytes($"{length.ToString(CultureInfo.InvariantCulture)} {key}="), .. value, (byte)'\n'];
    }

    private static void Content(MemoryStream archive, byte[] content)
    {
        archive.Write(content);
        archive.Write(new byte[(512 - (content.Length % 512)) % 512]);
    }

    private static void Header(MemoryStream archive, string name, char type, int size, string target, int mode, int user, int group)
    {
        var header = new byte[512];
        void Put(int offset, string text) => Encoding.UTF8.GetBytes(text).CopyTo(header, offset);
        void Octal(int offset, int length, long number) => Put(offset, Convert.ToString(number, 8).PadLeft(length - 1, '0'));

        Put(0, name);
        Octal(100, 8, mode);
        Octal(108, 8, user);
        Octal(116, 8, group);
        Octal(124, 12, size);
        Octal(136, 12, 1700000000);
        Put(148, "        ");
        header[156] = (byte)type;
        Put(157, target);
        Put(257, "ustar\u000000");
        Octal(329, 8, 1);
        Octal(337, 8, 3);
        Octal(148, 7, header.Sum(b => b));
        header[154] = 0;
        archive.Write(header);
    }
}

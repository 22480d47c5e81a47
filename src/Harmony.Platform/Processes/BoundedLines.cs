using System.Text;

namespace Harmony.Platform.Processes;

/// <summary>Reads a stream as UTF-8 lines, and breaks those that are longer than 64 Ki characters: no program can fill the memory with one line.</summary>
internal static class BoundedLines
{
    private const int Longest = 64 * 1024;

    public static async Task ReadAsync(Stream stream, Action<string> take, CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, 16 * 1024, leaveOpen: true);
        var buffer = new char[16 * 1024];
        var line = new StringBuilder();
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellation)) > 0)
        {
            Split(buffer.AsSpan(0, read), line, take);
        }

        if (line.Length > 0)
        {
            take(line.ToString());
        }
    }

    private static void Split(ReadOnlySpan<char> text, StringBuilder line, Action<string> take)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf('\n');
            line.Append(end < 0 ? text : text[..end]);
            text = end < 0 ? [] : text[(end + 1)..];
            if (end >= 0 || line.Length >= Longest)
            {
                if (line.Length > 0 && line[^1] == '\r')
                {
                    line.Length--;
                }

                take(line.ToString());
                line.Clear();
            }
        }
    }
}

using System.Globalization;
using System.Text;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Logs;

/// <summary>
/// Writes one container's output as CRI log lines: <c>2026-01-02T03:04:05.123456789Z stdout F text</c>, where P marks a part of a line.
/// A file of 10 MiB is set aside as <c>N.log.20260102-030405</c>; five are kept. Safe for use from several threads.
/// Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md.
/// </summary>
public sealed class CriLogWriter : IDisposable
{
    /// <summary>Bytes of a line that are written as one record; longer lines are split into parts.</summary>
    public const int LongestRecord = 16 * 1024;

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly long fileSize;
    private readonly int fileCount;
    private readonly LineBuffer output = new("stdout");
    private readonly LineBuffer error = new("stderr");
    private Stream? file;
    private long written;

    public CriLogWriter(string path, TimeProvider time, long fileSize = 10 * 1024 * 1024, int fileCount = 5)
    {
        Path = path;
        this.time = time;
        this.fileSize = fileSize;
        this.fileCount = fileCount;
        Disk.CreateFolder(System.IO.Path.GetDirectoryName(path)!);
    }

    public string Path { get; }

    /// <summary>Takes in output as it comes; only complete lines and full parts are written.</summary>
    public void Write(bool isError, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            var lines = isError ? error : output;
            while (data.Length > 0)
            {
                var newline = data.IndexOf((byte)'\n');
                var end = newline < 0 ? data.Length : newline;
                var room = LongestRecord - lines.Length;
                if (end > room)
                {
                    lines.Append(data[..room]);
                    data = data[room..];
                    Emit(lines, isPartial: true);
                    continue;
                }

                lines.Append(data[..end]);
                data = data[(newline < 0 ? end : end + 1)..];
                if (newline >= 0)
                {
                    Emit(lines, isPartial: false);
                }
            }

            file?.Flush();
        }

        LogSignal.Raise(Path);
    }

    /// <summary>Writes what is left of unfinished lines, and closes the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var lines in (LineBuffer[])[output, error])
            {
                if (lines.Length > 0)
                {
                    Emit(lines, isPartial: true);
                }
            }

            file?.Dispose();
            file = null;
        }

        LogSignal.Raise(Path);
    }

    /// <summary>The rotated files of this log, oldest first. (The pattern also matches the file itself.)</summary>
    internal static IReadOnlyList<string> SetAside(string path) =>
        [.. Disk.Files(System.IO.Path.GetDirectoryName(path)!, System.IO.Path.GetFileName(path) + ".*").Where(f => f.Length > path.Length).Order(StringComparer.Ordinal)];

    private void Emit(LineBuffer lines, bool isPartial)
    {
        try
        {
            if (file is null)
            {
                file = Disk.OpenWrite(Path, FileMode.Append);
                written = Disk.Size(Path);
            }

            Span<byte> head = stackalloc byte[64];
            var now = time.GetUtcNow().UtcDateTime;
            _ = Encoding.UTF8.TryGetBytes(now.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture), head, out var length);
            length += Encoding.UTF8.GetBytes(lines.Name, head[length..]);
            length += Encoding.UTF8.GetBytes(isPartial ? " P " : " F ", head[length..]);
            file.Write(head[..length]);
            lines.Append("\n"u8);
            file.Write(lines.Bytes);
            written += length + lines.Length;
        }
        finally
        {
            lines.Clear();
        }

        if (written >= fileSize)
        {
            Rotate();
        }
    }

    private void Rotate()
    {
        file?.Dispose();
        file = null;
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmssfffffff", CultureInfo.InvariantCulture);
        Disk.Move(Path, $"{Path}.{stamp}", overwrite: true);
        var old = SetAside(Path);
        foreach (var path in old.Take(old.Count - (fileCount - 1)))
        {
            Disk.DeleteFile(path);
        }
    }

    private sealed class LineBuffer(string name)
    {
        private readonly byte[] bytes = new byte[LongestRecord + 1];

        public string Name { get; } = name;

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, Length);

        public void Append(ReadOnlySpan<byte> more)
        {
            more.CopyTo(bytes.AsSpan(Length));
            Length += more.Length;
        }

        public void Clear() => Length = 0;
    }
}

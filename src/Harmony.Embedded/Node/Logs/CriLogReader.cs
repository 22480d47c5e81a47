using System.Text;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Logs;

/// <summary>Reads CRI log files back as <c>kubectl logs</c> shows them, across rotated files, and follows one that still grows.</summary>
public sealed class CriLogReader(TimeProvider time)
{
    // Another writer than this process' may not signal; looking this often is cheap and only done while someone follows.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Writes the log at <paramref name="path"/> as asked; a file that is not there is an empty log.</summary>
    /// <param name="isOver">Whether the container has ended: following ends then, after the last line.</param>
    public async Task CopyAsync(string path, LogRequest request, Func<bool> isOver, Stream destination, CancellationToken cancellation)
    {
        var left = request.LimitBytes ?? long.MaxValue;
        var files = FilesOf(path);
        var skip = request.TailLines is { } tail ? await TailStartAsync(files, request, tail, cancellation) : 0;
        var seen = 0L;
        foreach (var file in files.Where(f => f != path))
        {
            await using var old = TryOpen(file);
            if (old is not null)
            {
                await new Source(old).CopyAsync(OnLineAsync, cancellation);
            }
        }

        Source? current = null;
        try
        {
            while (left > 0)
            {
                var next = request.Follow ? LogSignal.Next(path) : Task.CompletedTask;
                var ended = isOver();
                current ??= TryOpen(path) is { } stream ? new Source(stream) : null;
                if (current is not null)
                {
                    await current.CopyAsync(OnLineAsync, cancellation);
                    if (current.WasSetAside(path))
                    {
                        await current.CopyAsync(OnLineAsync, cancellation);
                        await current.DisposeAsync();
                        current = null;
                        continue;
                    }
                }

                await destination.FlushAsync(cancellation);
                if (!request.Follow || ended)
                {
                    return;
                }

                await Task.WhenAny(next, Task.Delay(Look, time, cancellation));
                cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            if (request.Follow)
            {
                // A file that nobody writes to any more would be waited for for ever; other followers look once for nothing.
                LogSignal.Raise(path);
            }

            if (current is not null)
            {
                await current.DisposeAsync();
            }
        }

        async ValueTask OnLineAsync(ReadOnlyMemory<byte> line)
        {
            if (left <= 0 || !CriLine.TryParse(line, out var record) || !Wanted(record, request) || seen++ < skip)
            {
                return;
            }

            var text = new MemoryStream();
            if (request.Timestamps)
            {
                text.Write(record.Time.Span);
                text.WriteByte((byte)' ');
            }

            text.Write(record.Text.Span);
            if (!record.IsPartial)
            {
                text.WriteByte((byte)'\n');
            }

            var count = (int)Math.Min(left, text.Length);
            left -= count;
            await destination.WriteAsync(text.GetBuffer().AsMemory(0, count), cancellation);
        }
    }

    /// <summary>The last bytes of a log as text, for <c>terminationMessagePolicy: FallbackToLogsOnError</c>.</summary>
    public async Task<string> TailAsync(string path, int lines, int bytes, CancellationToken cancellation)
    {
        var text = new MemoryStream();
        await CopyAsync(path, new LogRequest { TailLines = lines }, () => true, text, cancellation);
        var all = text.ToArray();
        return Encoding.UTF8.GetString(all.AsSpan(Math.Max(0, all.Length - bytes)));
    }

    private static bool Wanted(CriLine line, LogRequest request) =>
        (request.Stream is "All" or "" || string.Equals(request.Stream, line.IsError ? "Stderr" : "Stdout", StringComparison.OrdinalIgnoreCase))
        && (request.Since is not { } since || line.Timestamp is not { } at || at >= since);

    private static async Task<long> TailStartAsync(List<string> files, LogRequest request, long tail, CancellationToken cancellation)
    {
        var count = 0L;
        foreach (var file in files)
        {
            await using var stream = TryOpen(file);
            if (stream is not null)
            {
                await new Source(stream).CopyAsync(
                    line =>
                    {
                        count += CriLine.TryParse(line, out var record) && Wanted(record, request) ? 1 : 0;
                        return ValueTask.CompletedTask;
                    },
                    cancellation);
            }
        }

        return Math.Max(0, count - tail);
    }

    private static List<string> FilesOf(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        return !Disk.FolderExists(folder) ? [] : [.. CriLogWriter.SetAside(path), path];
    }

    private static Stream? TryOpen(string path)
    {
        try
        {
            return Disk.OpenRead(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>One open file, read line by line; a line that is not complete yet is kept for the next time.</summary>
    private sealed class Source(Stream stream) : IAsyncDisposable
    {
        private byte[] buffer = new byte[32 * 1024];
        private int used;
        private long position;

        public async Task CopyAsync(Func<ReadOnlyMemory<byte>, ValueTask> onLine, CancellationToken cancellation)
        {
            while (true)
            {
                if (used == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var read = await stream.ReadAsync(buffer.AsMemory(used), cancellation);
                if (read == 0)
                {
                    return;
                }

                position += read;
                used += read;
                var start = 0;
                while (buffer.AsSpan(start, used - start).IndexOf((byte)'\n') is >= 0 and var length)
                {
                    await onLine(buffer.AsMemory(start, length));
                    start += length + 1;
                }

                buffer.AsSpan(start, used - start).CopyTo(buffer);
                used -= start;
            }
        }

        /// <summary>Whether the file under this name is no longer the one that is open here: it was rotated away.</summary>
        public bool WasSetAside(string path)
        {
            try
            {
                return Disk.Size(path) < position;
            }
            catch (FileNotFoundException)
            {
                return position > 0;
            }
        }

        public ValueTask DisposeAsync() => stream.DisposeAsync();
    }
}

/// <summary>One record of a CRI log: <c>time stream tag text</c>.</summary>
internal readonly record struct CriLine(ReadOnlyMemory<byte> Time, bool IsError, bool IsPartial, ReadOnlyMemory<byte> Text)
{
    public DateTimeOffset? Timestamp => Timestamps.Parse(Encoding.ASCII.GetString(Time.Span));

    public static bool TryParse(ReadOnlyMemory<byte> line, out CriLine record)
    {
        record = default;
        var span = line.Span;
        var first = span.IndexOf((byte)' ');
        if (first < 0 || span.Length < first + 10 || span[first + 7] != ' ' || span[first + 9] != ' ')
        {
            return false;
        }

        record = new(line[..first], span[(first + 1)..(first + 7)].SequenceEqual("stderr"u8), span[first + 8] == (byte)'P', line[(first + 10)..]);
        return true;
    }
}

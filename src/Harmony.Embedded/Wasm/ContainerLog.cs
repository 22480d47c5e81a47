using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// The log file of one container in the CRI's format (<c>time stream F|P text</c>), written from many threads.
/// It is turned over as the kubelet does: <c>0.log</c> becomes <c>0.log.20260131-095959</c> at <see cref="RotateAt"/> bytes, and the newest <see cref="Kept"/> stay.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    /// <summary>Bytes after which a new file is begun: the kubelet's <c>containerLogMaxSize</c>.</summary>
    public const long RotateAt = 10 * 1024 * 1024;

    /// <summary>How many files there are at most, the present one included: the kubelet's <c>containerLogMaxFiles</c>.</summary>
    public const int Kept = 5;

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly List<Channel<LogChunk>> _readers = [];
    private readonly long _rotateAt;
    private Stream? _file;
    private long _length;

    public ContainerLog(string path, TimeProvider time, long rotateAt = RotateAt)
    {
        _path = path;
        _time = time;
        _rotateAt = rotateAt;
        Disk.CreateFolder(Path.GetDirectoryName(path)!);
        _file = Disk.OpenWrite(path, FileMode.Append);
        _length = _file.Length;
    }

    /// <summary>Appends one line, or with <paramref name="whole"/> false a part of one.</summary>
    public void Write(string stream, ReadOnlySpan<byte> text, bool whole)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fffffff}Z {stream} {(whole ? 'F' : 'P')} "));
        var line = new byte[head.Length + text.Length + 1];
        head.CopyTo(line, 0);
        text.CopyTo(line.AsSpan(head.Length));
        line[^1] = (byte)'\n';
        lock (_lock)
        {
            if (_file is null)
            {
                return;
            }

            try
            {
                if (_length >= _rotateAt)
                {
                    Rotate();
                }

                _file.Write(line);
                _file.Flush();
                _length += line.Length;
            }
            catch (IOException)
            {
                // A full disk must not end the container; the next line tries again.
            }

            foreach (var reader in _readers)
            {
                reader.Writer.TryWrite(new LogChunk(stream, whole ? [.. text, (byte)'\n'] : text.ToArray()));
            }
        }
    }

    /// <summary>What is written from now on, until the log is closed: for attach. A reader that is too slow loses the oldest.</summary>
    public ChannelReader<LogChunk> Follow()
    {
        var channel = Channel.CreateBounded<LogChunk>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            if (_file is null)
            {
                channel.Writer.Complete();
            }
            else
            {
                _readers.Add(channel);
            }
        }

        return channel.Reader;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
            _readers.ForEach(r => r.Writer.TryComplete());
            _readers.Clear();
        }
    }

    private void Rotate()
    {
        var folder = Path.GetDirectoryName(_path)!;
        var name = Path.GetFileName(_path);
        var old = string.Create(CultureInfo.InvariantCulture, $"{_path}.{_time.GetUtcNow():yyyyMMdd-HHmmss}");
        _file!.Dispose();
        try
        {
            Disk.Move(_path, old, overwrite: true);
            foreach (var stale in Disk.Files(folder, name + ".*").Order(StringComparer.Ordinal).SkipLast(Kept - 1).ToList())
            {
                Disk.DeleteFile(stale);
            }
        }
        finally
        {
            _file = Disk.OpenWrite(_path, FileMode.Append);
            _length = _file.Length;
        }
    }
}

/// <summary>A piece of a container's output.</summary>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
internal sealed record LogChunk(string Stream, byte[] Bytes);

using System.Threading.Channels;
using Harmony.Embedded.Node.Logs;

namespace Harmony.Embedded.Wasm;

/// <summary>The log of one container, written by whole lines from many threads (each request of a served module has one), and by attach read as it grows.</summary>
internal sealed class ContainerLog(string path, TimeProvider time) : IDisposable
{
    private const int MostUnread = 1024;

    private readonly Lock _lock = new();
    private readonly CriLogWriter _writer = new(path, time);
    private readonly List<Channel<LogChunk>> _readers = [];
    private bool _closed;

    /// <param name="line">With its end.</param>
    public void Write(bool isError, ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            try
            {
                _writer.Write(isError, line);
            }
            catch (IOException)
            {
                // A full disk must not end the container; the next line tries again.
            }

            if (_readers.Count > 0)
            {
                var chunk = new LogChunk(isError, line.ToArray());
                _readers.ForEach(r => r.Writer.TryWrite(chunk));
            }
        }
    }

    /// <summary>What is written from now on, until the log is closed. A reader that is too slow loses the oldest.</summary>
    public ChannelReader<LogChunk> Follow()
    {
        var channel = Channel.CreateBounded<LogChunk>(new BoundedChannelOptions(MostUnread) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            if (_closed)
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
            _closed = true;
            _writer.Dispose();
            _readers.ForEach(r => r.Writer.TryComplete());
            _readers.Clear();
        }
    }
}

/// <summary>A line of a container's output.</summary>
internal sealed record LogChunk(bool IsError, byte[] Bytes);

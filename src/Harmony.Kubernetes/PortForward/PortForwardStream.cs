using System.Net.WebSockets;
using System.Text;
using Harmony.Kubernetes.Transport;
using Harmony.Platform;

namespace Harmony.Kubernetes.PortForward;

/// <summary>
/// One connection to a port of a pod: channel 0 carries its data, channel 1 what went wrong at the other end; the first message of each is the port's
/// number, which says nothing new. The protocol has no half-close: closing the stream ends both directions.
/// </summary>
internal sealed class PortForwardStream(ChannelSocket socket, string doing) : SequentialStream
{
    private readonly CancellationTokenSource closed = new();
    private readonly bool[] greeted = new bool[2];
    private ReadOnlyMemory<byte> rest;
    private bool ended;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(closed.Token, cancellationToken);
        try
        {
            while (rest.Length == 0 && !ended)
            {
                if (await socket.ReadAsync(both.Token) is not { } message)
                {
                    ended = true;
                    break;
                }

                if (message.Channel > 1)
                {
                    continue;
                }

                if (!greeted[message.Channel])
                {
                    greeted[message.Channel] = true;
                    continue;
                }

                rest = message.Channel == 0 ? message.Data
                    : message.Data.Length == 0 ? default
                    : throw new IOException($"{ApiErrors.Sentence(doing)}: {Encoding.UTF8.GetString(message.Data.Span)}");
            }
        }
        catch (WebSocketException e)
        {
            throw new IOException($"{ApiErrors.Sentence(doing)}: the connection was lost.", e);
        }

        var count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
        {
            return;
        }

        try
        {
            await socket.WriteAsync(0, buffer, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException)
        {
            throw new IOException($"{ApiErrors.Sentence(doing)}: the connection was lost.", e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await closed.CancelAsync();
        await socket.DisposeAsync();
        closed.Dispose();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !closed.IsCancellationRequested)
        {
            closed.Cancel();
            socket.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }
}

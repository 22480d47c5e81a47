using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>Port-forwarding over channels: channel 2n carries the data of port n, 2n + 1 its error; both begin with the port's number.</summary>
internal static class PortChannels
{
    public static async Task ServeAsync(ChannelConnection connection, PodPortForward.Target target, IReadOnlyList<int> ports, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var inputs = ports.Select(_ => new Pipe()).ToArray();
        for (var i = 0; i < ports.Count; i++)
        {
            await connection.WriteAsync((byte)(2 * i), PodPortForward.Target.Greeting(ports[i]), cancellation);
            await connection.WriteAsync((byte)((2 * i) + 1), PodPortForward.Target.Greeting(ports[i]), cancellation);
        }

        var reading = ReadClientAsync(connection, inputs, ended);
        await Task.WhenAll(ports.Select((port, i) => RelayAsync(connection, target, port, (byte)(2 * i), inputs[i].Reader, ended.Token)));
        await connection.FinishAsync();
        ended.CancelAfter(ChannelConnection.Goodbye);
        await reading;
    }

    private static async Task RelayAsync(ChannelConnection connection, PodPortForward.Target target, int port, byte channel, PipeReader input, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = Task.CompletedTask;
        try
        {
            await using var pod = await target.ConnectAsync(port, cancellation);
            sending = SendToPodAsync(input, pod, ended.Token);
            var buffer = new byte[32 * 1024];
            int count;
            while ((count = await pod.ReadAsync(buffer, cancellation)) > 0)
            {
                await connection.WriteAsync(channel, buffer.AsMemory(0, count), cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has left.
        }
        catch (WebSocketException)
        {
            // As above, without a word.
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            await connection.WriteAsync((byte)(channel + 1), Encoding.UTF8.GetBytes(target.Explain(port, e)), cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            await sending;
            // Whoever still writes into it must not wait for a reader.
            await input.CompleteAsync();
        }
    }

    private static async Task SendToPodAsync(PipeReader input, Stream pod, CancellationToken cancellation)
    {
        try
        {
            await input.CopyToAsync(pod, cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The reading side tells how the connection ended.
        }
    }

    private static async Task ReadClientAsync(ChannelConnection connection, Pipe[] inputs, CancellationTokenSource ended)
    {
        try
        {
            while (await connection.ReadAsync(ended.Token) is { } message)
            {
                if (message.Channel % 2 == 0 && message.Channel / 2 < inputs.Length)
                {
                    await inputs[message.Channel / 2].Writer.WriteAsync(message.Data, ended.Token);
                }
            }

            await ended.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // All ports are done.
        }
        finally
        {
            foreach (var input in inputs)
            {
                await input.Writer.CompleteAsync();
            }
        }
    }
}

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Harmony.Embedded.Api.Streaming.Spdy;
using Harmony.Embedded.Node;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>
/// Connections to ports of a pod: over a WebSocket of channels (two for each port), over SPDY/3.1 within a WebSocket, as kubectl does since 1.31, and
/// over SPDY/3.1 as older clients do.
/// </summary>
internal static class PodPortForward
{
    private const string Channels = "v4.channel.k8s.io";
    private const string Protocol = "portforward.k8s.io";
    private const string Tunnel = "SPDY/3.1+" + Protocol;

    public static async Task ServeAsync(HttpContext context, IKubelet kubelet, string ns, string pod)
    {
        var target = new Target(kubelet, ns, pod);
        if (StreamUpgrade.IsSpdy(context))
        {
            var chosen = StreamUpgrade.ChooseProtocol(context, "X-Stream-Protocol-Version", Protocol);
            await using var stream = await StreamUpgrade.AcceptSpdyAsync(context, chosen);
            await ServeSpdyAsync(stream, target, context.RequestAborted);
            return;
        }

        if (!StreamUpgrade.IsWebSocket(context))
        {
            throw new ApiException(400, "BadRequest", "Upgrade request required");
        }

        var protocol = StreamUpgrade.ChooseProtocol(context, "Sec-WebSocket-Protocol", Tunnel, Channels, "v4.base64.channel.k8s.io");
        if (protocol == Tunnel)
        {
            var socket = await StreamUpgrade.AcceptWebSocketAsync(context, protocol);
            await using var stream = new WebSocketBytes(socket);
            await ServeSpdyAsync(stream, target, context.RequestAborted);
            return;
        }

        var ports = ReadPorts(context.Request.Query);
        await using var connection = new ChannelConnection(await StreamUpgrade.AcceptWebSocketAsync(context, protocol), protocol);
        await PortChannels.ServeAsync(connection, target, ports, context.RequestAborted);
    }

    private static async Task ServeSpdyAsync(Stream stream, Target target, CancellationToken cancellation)
    {
        // kubectl opens two streams for each connection and names the pair with a number of its own.
        var waiting = new ConcurrentDictionary<string, SpdyStream>(StringComparer.Ordinal);
        await using var connection = new SpdyConnection(stream, async (opened, c) =>
        {
            var type = opened.Headers.GetValueOrDefault("streamtype");
            if (type is not ("error" or "data") || !int.TryParse(opened.Headers.GetValueOrDefault("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                await opened.ResetAsync(c);
                return;
            }

            // Clients from before request numbers open the error stream first, the data stream next.
            var key = opened.Headers.GetValueOrDefault("requestid") ?? (type == "error" ? opened.Id : opened.Id - 2).ToString(CultureInfo.InvariantCulture);
            await opened.ReplyAsync(c);
            if (!waiting.TryRemove(key, out var other))
            {
                waiting[key] = opened;
                return;
            }

            var (data, error) = type == "data" ? (opened, other) : (other, opened);
            await RelayAsync(target, port, data, error, c);
        });
        await connection.RunAsync(cancellation);
    }

    private static async Task RelayAsync(Target target, int port, SpdyStream data, SpdyStream error, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, data.Aborted);
        try
        {
            await using var pod = await target.ConnectAsync(port, ended.Token);
            var sending = SendToPodAsync(data, pod, ended.Token);
            var buffer = new byte[32 * 1024];
            int count;
            while ((count = await pod.ReadAsync(buffer, ended.Token)) > 0)
            {
                await data.WriteAsync(buffer.AsMemory(0, count), ended.Token);
            }

            await data.FinishAsync(ended.Token);
            await ended.CancelAsync();
            await sending;
        }
        catch (OperationCanceledException)
        {
            // The client has closed the connection, or all of them.
        }
        catch (Exception e) when (!ended.IsCancellationRequested)
        {
            await error.WriteAsync(Encoding.UTF8.GetBytes(target.Explain(port, e)), cancellation);
            await data.FinishAsync(cancellation);
        }
        finally
        {
            if (!cancellation.IsCancellationRequested)
            {
                await error.FinishAsync(cancellation);
            }

            data.Release();
            error.Release();
        }
    }

    private static async Task SendToPodAsync(SpdyStream data, Stream pod, CancellationToken cancellation)
    {
        try
        {
            await data.Input.CopyToAsync(pod, cancellation);
            await pod.FlushAsync(cancellation);
            if (pod is NetworkStream network)
            {
                // The client has no more to say, but still listens.
                network.Socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The reading side tells how the connection ended.
        }
    }

    private static List<int> ReadPorts(IQueryCollection query)
    {
        var ports = new List<int>();
        foreach (var text in query["ports"].SelectMany(p => (p ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            ports.Add(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue
                ? port
                : throw new ApiException(400, "BadRequest", $"invalid port \"{text}\""));
        }

        // Channel numbers are one byte, and one of them is taken.
        return ports.Count is > 0 and <= 100 ? ports : throw new ApiException(400, "BadRequest", "query parameter \"ports\" is required, with at most 100 ports");
    }

    /// <summary>The pod that is connected to.</summary>
    internal sealed class Target(IKubelet kubelet, string ns, string pod)
    {
        public Task<Stream> ConnectAsync(int port, CancellationToken cancellation) => kubelet.ConnectAsync(ns, pod, port, cancellation);

        public string Explain(int port, Exception e) =>
            string.Create(CultureInfo.InvariantCulture, $"error forwarding port {port} to pod {ns}/{pod}: {e.Message}");

        public static byte[] Greeting(int port)
        {
            var bytes = new byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)port);
            return bytes;
        }
    }
}

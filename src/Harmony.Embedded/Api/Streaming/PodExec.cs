using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Node;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>
/// Commands in containers, and attachments to them, over WebSocket. Channels: 0 stdin, 1 stdout, 2 stderr, 3 the result, 4 the terminal's size; with
/// <c>v5</c>, 255 says that a channel has ended. Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets.
/// </summary>
internal static class PodExec
{
    private const string V5 = "v5.channel.k8s.io";

    public static async Task ServeAsync(HttpContext context, IKubelet kubelet, string ns, string pod, bool attach)
    {
        var query = context.Request.Query;
        var command = query["command"].OfType<string>().ToArray();
        var (stdin, stdout, tty) = (query.Flag("stdin"), query.Flag("stdout"), query.Flag("tty"));
        // A terminal has one output.
        var stderr = query.Flag("stderr") && !tty;
        if (!attach && command.Length == 0)
        {
            throw new ApiException(400, "BadRequest", "you must specify at least one command for the container");
        }

        if (!stdin && !stdout && !stderr)
        {
            throw new ApiException(400, "BadRequest", "you must specify at least 1 of stdin, stdout, stderr");
        }

        if (!StreamUpgrade.IsWebSocket(context))
        {
            throw new ApiException(400, "BadRequest", "Upgrade request required: this server speaks WebSocket (v5.channel.k8s.io) here");
        }

        var protocol = StreamUpgrade.ChooseProtocol(
            context, "Sec-WebSocket-Protocol", V5, "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "base64.channel.k8s.io", "channel.k8s.io");
        await using var connection = new ChannelConnection(await StreamUpgrade.AcceptWebSocketAsync(context, protocol), protocol);
        // The client, and only it, learns from an empty message that it is connected.
        await connection.WriteAsync((byte)(stdout ? 1 : stderr ? 2 : 3), default, context.RequestAborted);

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var input = new Pipe();
        var sizes = Channel.CreateBounded<(ushort, ushort)>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
        await using var inputStream = input.Reader.AsStream(leaveOpen: true);
        var request = new ExecRequest(command)
        {
            Input = stdin ? inputStream : null,
            Output = stdout ? new SendingStream((data, c) => connection.WriteAsync(1, data, c)) : null,
            Error = stderr ? new SendingStream((data, c) => connection.WriteAsync(2, data, c)) : null,
            Tty = tty,
            Resizes = tty ? sizes.Reader.ReadAllAsync(gone.Token) : null,
        };
        var reading = ReadClientAsync(connection, input.Writer, sizes.Writer, stdin, gone);
        var status = await RunAsync(kubelet, ns, pod, query.Text("container"), request, attach, gone.Token);
        if (!gone.IsCancellationRequested && status is not null)
        {
            await SendStatusAsync(connection, status, gone.Token);
        }

        // What the command did not read is nobody's: the reader of messages must not wait for room.
        await input.Reader.CompleteAsync();
        await connection.FinishAsync();
        gone.CancelAfter(ChannelConnection.Goodbye);
        await reading;
    }

    /// <summary>The result for the status channel; null when the client has left.</summary>
    private static async Task<JsonObject?> RunAsync(
        IKubelet kubelet, string ns, string pod, string? container, ExecRequest request, bool attach, CancellationToken cancellation)
    {
        try
        {
            if (attach)
            {
                await kubelet.AttachAsync(ns, pod, container, request, cancellation);
                return StreamStatus.Success();
            }

            return StreamStatus.Exit(await kubelet.ExecAsync(ns, pod, container, request, cancellation));
        }
        catch (ApiException e)
        {
            return StreamStatus.Failure(e);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested || e is OperationCanceledException)
        {
            return null;
        }
        catch (Exception e)
        {
            return StreamStatus.Failure(new(500, "InternalError", $"error executing command in container: {e.Message}"));
        }
    }

    private static async Task SendStatusAsync(ChannelConnection connection, JsonObject status, CancellationToken cancellation)
    {
        try
        {
            // Before v4 the channel carried an error in words, and nothing for success.
            var text = connection.Protocol.StartsWith('v') ? status.ToJsonString() : status.Text("status") == "Success" ? "" : status.Text("message") ?? "";
            await connection.WriteAsync(3, Encoding.UTF8.GetBytes(text), cancellation);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client left in the same moment.
        }
    }

    private static async Task ReadClientAsync(
        ChannelConnection connection, PipeWriter input, ChannelWriter<(ushort, ushort)> sizes, bool stdin, CancellationTokenSource gone)
    {
        try
        {
            var inputOpen = stdin;
            while (await connection.ReadAsync(gone.Token) is { } message)
            {
                switch (message.Channel)
                {
                    case 0 when inputOpen:
                        inputOpen = !(await input.WriteAsync(message.Data, gone.Token)).IsCompleted;
                        break;
                    case 4:
                        ReadSize(message.Data, sizes);
                        break;
                    case 255 when connection.Protocol == V5 && message.Data.Length > 0 && message.Data.Span[0] == 0:
                        inputOpen = false;
                        await input.CompleteAsync();
                        break;
                    default:
                        break;
                }
            }

            await gone.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The command has ended.
        }
        finally
        {
            sizes.TryComplete();
            await input.CompleteAsync();
        }
    }

    private static void ReadSize(ReadOnlyMemory<byte> data, ChannelWriter<(ushort, ushort)> sizes)
    {
        try
        {
            var size = JsonNode.Parse(data.Span);
            if (size.At("Width").AsInt() is { } width and > 0 and <= ushort.MaxValue && size.At("Height").AsInt() is { } height and > 0 and <= ushort.MaxValue)
            {
                sizes.TryWrite(((ushort)width, (ushort)height));
            }
        }
        catch (JsonException)
        {
            // A size that cannot be read changes nothing.
        }
    }
}

using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes;

public sealed partial class KubernetesApi
{
    private const string ExecV5 = "v5.channel.k8s.io";

    public async Task<int> ExecAsync(string ns, string pod, ExecOptions options, CancellationToken cancellation)
    {
        var request = new ApiRequest(HttpMethod.Get, PodPath(ns, pod, "exec") + ExecQuery(options), $"running {options.Command[0]} in {ns}/{pod}");
        await using var socket = new ChannelSocket(await connection.OpenSocketAsync(request, [ExecV5, "v4.channel.k8s.io"], cancellation));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // These two end with the command, not before it: a terminal's input never ends by itself.
        var input = PumpInputAsync(socket, options, ended.Token);
        var resizes = PumpResizesAsync(socket, options, ended.Token);
        try
        {
            while (await socket.ReadAsync(cancellation) is { } message)
            {
                switch (message.Channel)
                {
                    case 1 when options.Output is { } output:
                        await output.WriteAsync(message.Data, cancellation);
                        await output.FlushAsync(cancellation);
                        break;
                    case 2 when options.Error is { } error:
                        await error.WriteAsync(message.Data, cancellation);
                        await error.FlushAsync(cancellation);
                        break;
                    case 3 when message.Data.Length > 0:
                        return ExitCode(request, message.Data);
                    default:
                        break;
                }
            }
        }
        catch (WebSocketException e)
        {
            throw new KubernetesException(KubernetesError.Unreachable, $"{ApiErrors.Sentence(request.Doing)}: the connection was lost before the command ended.", "See whether the pod still runs.", e);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAny(Task.WhenAll(input, resizes), Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None));
        }

        throw new KubernetesException(KubernetesError.Failed, $"{ApiErrors.Sentence(request.Doing)}: the connection ended before the command did.", "See whether the pod still runs.");
    }

    private static async Task PumpInputAsync(ChannelSocket socket, ExecOptions options, CancellationToken cancellation)
    {
        if (options.Input is not { } input)
        {
            return;
        }

        try
        {
            var buffer = new byte[16 * 1024];
            int count;
            while ((count = await input.ReadAsync(buffer, cancellation)) > 0)
            {
                await socket.WriteAsync(0, buffer.AsMemory(0, count), cancellation);
            }

            if (socket.Protocol == ExecV5)
            {
                await socket.WriteAsync(ChannelSocket.Close, new byte[] { 0 }, cancellation);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // The command has ended, or the connection: the reading side tells.
        }
    }

    private static async Task PumpResizesAsync(ChannelSocket socket, ExecOptions options, CancellationToken cancellation)
    {
        if (options.Resizes is not { } resizes)
        {
            return;
        }

        try
        {
            await foreach (var (columns, rows) in resizes.WithCancellation(cancellation))
            {
                var size = string.Create(CultureInfo.InvariantCulture, $"{{\"Width\":{columns},\"Height\":{rows}}}");
                await socket.WriteAsync(4, Encoding.UTF8.GetBytes(size), cancellation);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // As above.
        }
    }

    private int ExitCode(ApiRequest request, ReadOnlyMemory<byte> data)
    {
        JsonObject? status;
        try
        {
            status = JsonNode.Parse(data.Span) as JsonObject;
        }
        catch (JsonException e)
        {
            throw new KubernetesException(KubernetesError.Failed, $"{ApiErrors.Sentence(request.Doing)}: the API told the result in words that are no status.", null, e);
        }

        if (status?.Text("status") == "Success")
        {
            return 0;
        }

        var cause = status.At("details", "causes").Objects().FirstOrDefault(c => c.Text("reason") == "ExitCode");
        return status?.Text("reason") == "NonZeroExitCode" && int.TryParse(cause?.Text("message"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var code)
            ? code
            : throw ApiErrors.Refused(request.Doing, status?["code"].AsInt() ?? 500, status, Context.Name);
    }

    private static string ExecQuery(ExecOptions options)
    {
        var query = new StringBuilder(options.Tty ? "?stdout=true&tty=true" : "?stdout=true&stderr=true");
        query.Append(options.Input is null ? "" : "&stdin=true");
        query.Append(options.Container is null ? "" : $"&container={Uri.EscapeDataString(options.Container)}");
        foreach (var word in options.Command)
        {
            query.Append("&command=").Append(Uri.EscapeDataString(word));
        }

        return query.ToString();
    }
}

using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Probes;

/// <summary>What one probe, or one lifecycle hook, found.</summary>
/// <param name="Message">What the kubelet would say; empty where there is nothing to say.</param>
internal readonly record struct ProbeResult(bool Succeeded, string Message);

/// <summary>Where a probe is aimed.</summary>
internal sealed record ProbeTarget(IContainerRuntime Runtime, string ContainerId, IPAddress Address, JsonObject Container);

/// <summary>Asks a container how it is: by a command, over HTTP, by connecting, over gRPC.</summary>
internal sealed class Prober : IDisposable
{
    private const int LongestOutput = 10 * 1024;

    private readonly HttpClient client;

    [SuppressMessage("Security", "CA5359", Justification = "The kubelet does not verify certificates either: pods' are self-signed as a rule.")]
    public Prober()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // A new connection each time, as the kubelet: an old one proves nothing about a program that no longer accepts.
            PooledConnectionLifetime = TimeSpan.Zero,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
        client = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => client.Dispose();

    /// <summary>Carries out the action of a probe or hook (exec, httpGet, tcpSocket, grpc, sleep) within the time given.</summary>
    public async Task<ProbeResult> RunAsync(JsonObject action, ProbeTarget target, TimeSpan limit, CancellationToken cancellation)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(limit);
        try
        {
            return action["exec"] is JsonObject exec ? await ExecAsync(exec, target, bounded.Token)
                : action["httpGet"] is JsonObject http ? await HttpAsync(http, target, bounded.Token)
                : action["tcpSocket"] is JsonObject tcp ? await TcpAsync(tcp, target, bounded.Token)
                : action["grpc"] is JsonObject grpc ? await GrpcAsync(grpc, target, bounded.Token)
                : action["sleep"] is JsonObject sleep ? await SleepAsync(sleep, cancellation)
                : new(true, "");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(false, TimedOut(action, target, limit));
        }
    }

    private static string TimedOut(JsonObject action, ProbeTarget target, TimeSpan limit) =>
        action["exec"] is JsonObject exec
            ? $"command timed out: \"{string.Join(' ', exec["command"].Items().Select(c => c.AsText()))}\" timed out after {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s"
            : action["httpGet"] is JsonObject http ? $"Get \"{Url(http, target)}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            : action["tcpSocket"] is JsonObject tcp ? $"dial tcp {Host(tcp, target)}:{Port(tcp["port"], target)}: i/o timeout"
            : "timeout: health rpc did not complete within " + limit.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s";

    private static async Task<ProbeResult> ExecAsync(JsonObject exec, ProbeTarget target, CancellationToken cancellation)
    {
        var output = new MemoryStream();
        var tee = new TeeStream(null, output, LongestOutput);
        string[] command = [.. exec["command"].Items().Select(c => c.AsText() ?? "")];
        try
        {
            var code = await target.Runtime.ExecAsync(target.ContainerId, new ExecRequest(command) { Output = tee, Error = tee }, cancellation);
            return new(code == 0, Encoding.UTF8.GetString(output.ToArray()));
        }
        catch (ContainerException e)
        {
            return new(false, e.Message);
        }
    }

    private async Task<ProbeResult> HttpAsync(JsonObject http, ProbeTarget target, CancellationToken cancellation)
    {
        var url = Url(http, target);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.36");
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
            request.Headers.ConnectionClose = true;
            foreach (var header in http["httpHeaders"].Objects())
            {
                var name = header.Text("name") ?? "";
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, header.Text("value") ?? "");
            }

            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            var code = (int)response.StatusCode;
            return code is >= 200 and < 400 ? new(true, "") : new(false, $"HTTP probe failed with statuscode: {code}");
        }
        catch (HttpRequestException e)
        {
            return new(false, $"Get \"{url}\": {Describe(e, Host(http, target), Port(http["port"], target))}");
        }
        catch (UriFormatException e)
        {
            return new(false, $"invalid probe address \"{url}\": {e.Message}");
        }
    }

    private static async Task<ProbeResult> TcpAsync(JsonObject tcp, ProbeTarget target, CancellationToken cancellation)
    {
        var (host, port) = (Host(tcp, target), Port(tcp["port"], target));
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(host, port, cancellation);
            return new(true, "");
        }
        catch (SocketException e)
        {
            return new(false, $"dial tcp {host}:{port}: {Words(e)}");
        }
    }

    /// <summary>grpc.health.v1.Health/Check by hand: one field out, one number back. Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.</summary>
    private async Task<ProbeResult> GrpcAsync(JsonObject grpc, ProbeTarget target, CancellationToken cancellation)
    {
        var (host, port) = (Host(grpc, target), Port(grpc["port"], target));
        var service = Encoding.UTF8.GetBytes(grpc.Text("service") ?? "");
        if (service.Length > 127)
        {
            return new(false, "the service name is longer than 127 bytes");
        }

        byte[] message = service.Length == 0 ? [] : [0x0A, (byte)service.Length, .. service];
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{host}:{port}/grpc.health.v1.Health/Check")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(frame),
            };
            request.Headers.TE.ParseAdd("trailers");
            request.Content.Headers.ContentType = new("application/grpc");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            return answer is [_, _, _, _, _, 0x08, 1, ..]
                ? new(true, "")
                : new(false, "service unhealthy (responded with \"NOT_SERVING\")");
        }
        catch (HttpRequestException e)
        {
            return new(false, $"error: health rpc failed: dial tcp {host}:{port}: {Describe(e, host, port)}");
        }
    }

    private static async Task<ProbeResult> SleepAsync(JsonObject sleep, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(sleep["seconds"].AsLong() ?? 0, 0, 86400)), cancellation);
        return new(true, "");
    }

    private static string Url(JsonObject http, ProbeTarget target)
    {
        var path = http.Text("path") ?? "/";
        return $"{(http.Text("scheme") ?? "HTTP").ToLowerInvariant()}://{Host(http, target)}:{Port(http["port"], target)}{(path.StartsWith('/') ? path : "/" + path)}";
    }

    private static string Host(JsonObject action, ProbeTarget target) => action.Text("host") is { Length: > 0 } host ? host : target.Address.ToString();

    /// <summary>A number, or the name of one of the container's ports.</summary>
    private static int Port(JsonNode? port, ProbeTarget target) =>
        port.AsInt() ?? (int.TryParse(port.AsText(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : target.Container["ports"].Objects().FirstOrDefault(p => p.Text("name") == port.AsText())?["containerPort"].AsInt() ?? 0);

    private static string Describe(HttpRequestException e, string host, int port) => e.InnerException switch
    {
        SocketException socket => $"dial tcp {host}:{port}: {Words(socket)}",
        { } inner when e.HttpRequestError is HttpRequestError.ResponseEnded => $"EOF ({inner.Message})",
        _ => e.HttpRequestError is HttpRequestError.ResponseEnded ? "EOF" : e.Message,
    };

    private static string Words(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connect: connection refused",
        SocketError.HostUnreachable => "connect: no route to host",
        SocketError.NetworkUnreachable => "connect: network is unreachable",
        SocketError.TimedOut => "i/o timeout",
        SocketError.HostNotFound or SocketError.NoData => "lookup: no such host",
        _ => e.Message,
    };
}

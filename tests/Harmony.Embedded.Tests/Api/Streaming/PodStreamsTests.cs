using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Harmony.Kubernetes;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>The server's streams, used by harmony's own client.</summary>
public sealed class PodStreamsTests
{
    private readonly CancellationToken bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task A_log_comes_line_by_line_and_is_followed()
    {
        await using var server = await StreamingServer.StartAsync();
        (await server.Api.ReadLogAsync("default", "web", new() { TailLines = 5, Container = "main" }, bound).ToListAsync()).ShouldBe(["one", "two"]);
        server.Kubelet.LastLog!.TailLines.ShouldBe(5);
        server.Kubelet.LastLog.Container.ShouldBe("main");
        (await server.Api.ReadLogAsync("default", "web", new() { Follow = true, Since = DateTimeOffset.UnixEpoch }, bound).ToListAsync()).ShouldBe(["one", "two", "three"]);
        server.Kubelet.LastLog.Since.ShouldBe(DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task A_log_that_cannot_be_had_is_refused_with_a_status()
    {
        await using var server = await StreamingServer.StartAsync();
        var error = await Should.ThrowAsync<KubernetesException>(async () => await server.Api.ReadLogAsync("default", "missing", new(), bound).ToListAsync());
        error.Code.ShouldBe(KubernetesError.NotFound);
        error.Message.ShouldBe("Reading the log of default/missing was refused: pods \"missing\" not found.");
    }

    [Theory]
    [InlineData("tailLines=x", 400)]
    [InlineData("tailLines=-1", 422)]
    [InlineData("sinceTime=yesterday-ish", 400)]
    [InlineData("sinceTime=2020-01-01T00:00:00Z&sinceSeconds=5", 422)]
    public async Task Wrong_log_options_are_a_bad_request(string query, int code)
    {
        await using var server = await StreamingServer.StartAsync();
        using var http = new HttpClient();
        var response = await http.GetAsync($"{server.Address}/api/v1/namespaces/default/pods/web/log?{query}", bound);
        ((int)response.StatusCode).ShouldBe(code);
        (await response.Content.ReadAsStringAsync(bound)).ShouldContain("\"kind\":\"Status\"");
    }

    [Fact]
    public async Task A_command_has_its_input_its_outputs_and_its_exit_code()
    {
        await using var server = await StreamingServer.StartAsync();
        var (output, error) = (new MemoryStream(), new MemoryStream());
        (await server.Api.ExecAsync("default", "web", new(["echo", "a b"]) { Container = "main", Output = output, Error = error }, bound)).ShouldBe(0);
        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("echo a b in default/web/main\n");

        (await server.Api.ExecAsync("default", "web", new(["exit", "42"]) { Output = output, Error = error }, bound)).ShouldBe(42);
        Encoding.UTF8.GetString(error.ToArray()).ShouldBe("bye\n");
    }

    [Fact]
    public async Task The_end_of_the_input_reaches_the_command_and_nothing_is_lost()
    {
        await using var server = await StreamingServer.StartAsync();
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var output = new MemoryStream();
        (await server.Api.ExecAsync("default", "web", new(["cat"]) { Input = new MemoryStream(sent), Output = output }, bound)).ShouldBe(0);
        output.ToArray().AsSpan().SequenceEqual(sent).ShouldBeTrue();
    }

    [Fact]
    public async Task A_command_that_does_not_read_its_input_still_ends()
    {
        await using var server = await StreamingServer.StartAsync();
        var output = new MemoryStream();
        (await server.Api.ExecAsync("default", "web", new(["fill", "500000"]) { Input = new MemoryStream(new byte[2_000_000]), Output = output }, bound)).ShouldBe(0);
        output.Length.ShouldBe(500_000);
    }

    [Fact]
    public async Task A_terminal_has_a_size()
    {
        await using var server = await StreamingServer.StartAsync();
        var output = new MemoryStream();
        (await server.Api.ExecAsync("default", "web", new(["size"]) { Tty = true, Output = output, Resizes = new (ushort, ushort)[] { (120, 40) }.ToAsyncEnumerable() }, bound)).ShouldBe(0);
        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("120x40");
    }

    [Fact]
    public async Task A_command_in_a_pod_that_is_not_there_is_refused_in_the_servers_words()
    {
        await using var server = await StreamingServer.StartAsync();
        var error = await Should.ThrowAsync<KubernetesException>(() => server.Api.ExecAsync("default", "web", new(["missing"]) { Output = Stream.Null }, bound));
        error.Code.ShouldBe(KubernetesError.NotFound);
        error.Message.ShouldContain("pods \"web\" not found");
    }

    [Fact]
    public async Task A_command_is_ended_when_its_client_leaves()
    {
        await using var server = await StreamingServer.StartAsync();
        using var leave = new CancellationTokenSource();
        var running = server.Api.ExecAsync("default", "web", new(["wait"]) { Output = new LeavingStream(leave) }, leave.Token);
        await Should.ThrowAsync<OperationCanceledException>(running);
        (await server.Kubelet.ExecCancelled.Task.WaitAsync(bound)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_exec_without_upgrade_or_command_is_a_bad_request()
    {
        await using var server = await StreamingServer.StartAsync();
        using var http = new HttpClient();
        foreach (var query in (string[])["command=ls&stdout=true", "stdout=true", "command=ls"])
        {
            (await http.GetAsync($"{server.Address}/api/v1/namespaces/default/pods/web/exec?{query}", bound)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        }
    }

    [Theory]
    [InlineData("v4.channel.k8s.io", "{\"metadata\":{},\"status\":\"Success\"}")]
    [InlineData("channel.k8s.io", "")]
    public async Task Older_protocols_are_served(string protocol, string result)
    {
        await using var server = await StreamingServer.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        await socket.ConnectAsync(new Uri($"{server.Address.Replace("http", "ws")}/api/v1/namespaces/default/pods/web/attach?stdout=true"), bound);
        socket.SubProtocol.ShouldBe(protocol);
        var messages = new List<string>();
        var buffer = new byte[4096];
        WebSocketReceiveResult message;
        while ((message = await socket.ReceiveAsync(buffer, bound)).MessageType != WebSocketMessageType.Close)
        {
            messages.Add($"{buffer[0]}:{Encoding.UTF8.GetString(buffer, 1, message.Count - 1)}");
        }

        messages.ShouldBe(["1:", "1:attached\n", $"3:{result}"]);
    }

    [Fact]
    public async Task Connections_to_a_port_carry_data_both_ways_and_at_once()
    {
        await using var server = await StreamingServer.StartAsync();
        using var echo = new EchoServer();
        server.Kubelet.Ports[80] = echo.Port;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await using var stream = await server.Api.PortForwardAsync("default", "web", 80, bound);
            var sent = RandomNumberGenerator.GetBytes(300_000 + i);
            var received = new byte[sent.Length];
            var writing = stream.WriteAsync(sent, bound).AsTask();
            await stream.ReadExactlyAsync(received, bound);
            await writing;
            received.AsSpan().SequenceEqual(sent).ShouldBeTrue();
        }));
    }

    [Fact]
    public async Task A_port_where_nothing_listens_says_so()
    {
        await using var server = await StreamingServer.StartAsync();
        await using var stream = await server.Api.PortForwardAsync("default", "web", 81, bound);
        var error = await Should.ThrowAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1], bound));
        error.Message.ShouldBe("Connecting to port 81 of default/web: error forwarding port 81 to pod default/web: nothing listens on port 81");
    }

    /// <summary>Cancels as soon as anything is written.</summary>
    private sealed class LeavingStream(CancellationTokenSource leave) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.Length > 0)
            {
                await leave.CancelAsync();
            }
        }
    }
}

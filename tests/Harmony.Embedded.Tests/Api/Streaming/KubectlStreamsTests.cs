using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>The server's streams, used by the kubectl of this machine.</summary>
public sealed partial class KubectlStreamsTests
{
    private readonly CancellationToken bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task Kubectl_runs_commands()
    {
        await using var server = await StreamingServer.StartAsync();
        (await RunAsync(server, "", "exec", "web", "-c", "main", "--", "echo", "hello")).ShouldBe((0, "echo hello in default/web/main\n", ""));
        (await RunAsync(server, "some input", "exec", "-i", "web", "--", "cat")).ShouldBe((0, "some input", ""));
        (await RunAsync(server, "", "exec", "web", "--", "exit", "7")).ShouldBe((7, "", "bye\ncommand terminated with exit code 7\n"));
    }

    [Fact]
    public async Task Kubectl_follows_logs()
    {
        await using var server = await StreamingServer.StartAsync();
        (await RunAsync(server, "", "logs", "-f", "web")).ShouldBe((0, "one\ntwo\nthree\n", ""));
    }

    [Fact]
    public async Task Kubectl_forwards_ports_with_many_connections_and_half_closes()
    {
        await using var server = await StreamingServer.StartAsync();
        using var echo = new EchoServer();
        server.Kubelet.Ports[80] = echo.Port;
        using var kubectl = Start(server, "port-forward", "pod/web", ":80", ":81");
        try
        {
            var good = await PortAsync(kubectl, 80);
            var bad = await PortAsync(kubectl, 81);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", good, bound);
                var sent = RandomNumberGenerator.GetBytes(500_000 + i);
                var received = new MemoryStream();
                var reading = client.GetStream().CopyToAsync(received, bound);
                await client.GetStream().WriteAsync(sent, bound);
                // The server ends only after it has seen this end: the half-close travels all the way.
                client.Client.Shutdown(SocketShutdown.Send);
                await reading;
                received.Length.ShouldBe(sent.Length);
                received.ToArray().AsSpan().SequenceEqual(sent).ShouldBeTrue();
            }));
            using var refused = new TcpClient();
            await refused.ConnectAsync("127.0.0.1", bad, bound);
            (await refused.GetStream().ReadAsync(new byte[1], bound)).ShouldBe(0);
        }
        finally
        {
            kubectl.Kill();
            await kubectl.WaitForExitAsync(bound);
        }

        (await kubectl.StandardError.ReadToEndAsync(bound)).ShouldContain("nothing listens on port 81");
    }

    private async Task<int> PortAsync(Process kubectl, int target)
    {
        while (await kubectl.StandardOutput.ReadLineAsync(bound) is { } line)
        {
            if (Forwarding().Match(line) is { Success: true } match && match.Groups["target"].Value == $"{target}" && line.Contains("127.0.0.1", StringComparison.Ordinal))
            {
                return int.Parse(match.Groups["port"].Value);
            }
        }

        throw new InvalidOperationException("kubectl ended: " + await kubectl.StandardError.ReadToEndAsync(bound));
    }

    private async Task<(int, string, string)> RunAsync(StreamingServer server, string input, params string[] arguments)
    {
        using var process = Start(server, arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(bound);
        var error = process.StandardError.ReadToEndAsync(bound);
        await process.WaitForExitAsync(bound);
        return (process.ExitCode, await output, await error);
    }

    private static Process Start(StreamingServer server, params string[] arguments)
    {
        var kubectl = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, "kubectl")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(kubectl is not null, "kubectl is not on the PATH");
        return Process.Start(new ProcessStartInfo(kubectl!, ["--kubeconfig", server.Kubeconfig, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = Path.GetDirectoryName(server.Kubeconfig) },
        })!;
    }

    [GeneratedRegex("Forwarding from .*:(?<port>[0-9]+) -> (?<target>[0-9]+)")]
    private static partial Regex Forwarding();
}

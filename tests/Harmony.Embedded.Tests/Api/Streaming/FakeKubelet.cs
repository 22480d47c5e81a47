using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Harmony.Embedded.Api;
using Harmony.Embedded.Node;
using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>A kubelet whose containers know a few commands, and whose ports are real ones on loopback.</summary>
internal sealed class FakeKubelet : IKubelet
{
    /// <summary>Where a pod's port leads.</summary>
    public ConcurrentDictionary<int, int> Ports { get; } = new();

    public ConcurrentQueue<(ushort Columns, ushort Rows)> Sizes { get; } = new();

    public TaskCompletionSource<bool> ExecCancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogRequest? LastLog { get; private set; }

    public async Task WriteLogAsync(string ns, string pod, LogRequest request, Stream destination, CancellationToken cancellation)
    {
        LastLog = request;
        if (pod == "missing")
        {
            throw new ApiException(404, "NotFound", "pods \"missing\" not found");
        }

        await destination.WriteAsync("one\ntwo\n"u8.ToArray(), cancellation);
        if (request.Follow)
        {
            await Task.Delay(200, cancellation);
            await destination.WriteAsync("three\n"u8.ToArray(), cancellation);
        }
    }

    public async Task<int> ExecAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation)
    {
        switch (request.Command[0])
        {
            case "missing":
                throw new ApiException(404, "NotFound", "pods \"web\" not found");
            case "cat":
                await request.Input!.CopyToAsync(request.Output!, cancellation);
                return 0;
            case "exit":
                await request.Error!.WriteAsync("bye\n"u8.ToArray(), cancellation);
                return int.Parse(request.Command[1]);
            case "fill":
                await request.Output!.WriteAsync(new byte[int.Parse(request.Command[1])], cancellation);
                return 0;
            case "size":
                await foreach (var size in request.Resizes!.WithCancellation(cancellation))
                {
                    Sizes.Enqueue(size);
                    await request.Output!.WriteAsync(Encoding.UTF8.GetBytes($"{size.Columns}x{size.Rows}"), cancellation);
                    break;
                }

                return 0;
            case "wait":
                try
                {
                    await request.Output!.WriteAsync("started\n"u8.ToArray(), cancellation);
                    await Task.Delay(Timeout.Infinite, cancellation);
                }
                finally
                {
                    ExecCancelled.TrySetResult(true);
                }

                return 0;
            default:
                await request.Output!.WriteAsync(Encoding.UTF8.GetBytes(string.Join(' ', request.Command) + $" in {ns}/{pod}/{container}\n"), cancellation);
                return 0;
        }
    }

    public async Task AttachAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation) =>
        await request.Output!.WriteAsync("attached\n"u8.ToArray(), cancellation);

    public async Task<Stream> ConnectAsync(string ns, string pod, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Ports.TryGetValue(port, out var real) ? real : throw new IOException($"nothing listens on port {port}"), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

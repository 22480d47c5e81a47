using System.Globalization;
using System.Text;
using Harmony.Embedded.Node.Containers;
using Harmony.Platform.Files;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// Serves a module as a CGI program: each request is one run of a fresh instance, with the request in its environment and on its standard input,
/// and the answer on its standard output. All of it is bounded: bodies, time, how many at once.
/// </summary>
internal sealed class HttpWorkload(ContainerSpec spec, ContainerLog log, Func<RunRequest, RunResult> run, TimeProvider time, CancellationToken stopping)
    : IHttpApplication<HttpContext>, IAsyncDisposable
{
    /// <summary>The largest request body: bytes.</summary>
    public const int LargestRequest = 10 * 1024 * 1024;

    /// <summary>The largest answer: bytes.</summary>
    public const int LargestAnswer = 32 * 1024 * 1024;

    private const int AtOnce = 32;
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestQueue = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _slots = new(AtOnce);
    private KestrelServer? _server;
    private int _ended;

    /// <summary>Listens on these ports of the pod's address.</summary>
    public async Task StartAsync(IReadOnlyList<int> ports, CancellationToken cancellation)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = LargestRequest;
        foreach (var port in ports)
        {
            // Plain HTTP/1.1: HTTP/2 without TLS would need the client's prior knowledge.
            options.Listen(spec.PodAddress, port, listen => listen.Protocols = HttpProtocols.Http1);
        }

        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        _server = new(Options.Create(options), transport, NullLoggerFactory.Instance);
        await _server.StartAsync(this, cancellation);
    }

    /// <summary>Takes no more connections and returns when the requests that are under way have been answered, or the time is over.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (_server is null || Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        bound.CancelAfter(grace);
        try
        {
            await _server.StopAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            // The grace period is over.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        _server?.Dispose();
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!await _slots.WaitAsync(LongestQueue, context.RequestAborted))
        {
            await FailAsync(context, StatusCodes.Status503ServiceUnavailable, "too many requests at once");
            return;
        }

        string? input = null;
        try
        {
            var length = 0L;
            if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
            {
                input = Path.Combine(spec.Folder, $"request-{Guid.NewGuid():N}");
                length = await SaveBodyAsync(context, input);
            }

            await AnswerAsync(context, input, CgiEnvironment.Of(context, length));
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            await FailAsync(context, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            if (input is not null)
            {
                Disk.DeleteFile(input);
            }

            _slots.Release();
        }
    }

    private static async Task<long> SaveBodyAsync(HttpContext context, string path)
    {
        Disk.CreateFolder(Path.GetDirectoryName(path)!);
        await using (var file = Disk.OpenWrite(path, FileMode.CreateNew))
        {
            await context.Request.Body.CopyToAsync(file, context.RequestAborted);
            return file.Length;
        }
    }

    private async Task AnswerAsync(HttpContext context, string? input, IReadOnlyList<string> environment)
    {
        var output = new MemoryStream();
        var error = new LogLines(log, isError: true);
        using var bound = new CancellationTokenSource(LongestRun, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stopping, context.RequestAborted);
        var request = new RunRequest(data => Append(output, data), error.Write, stop.Token) { Input = input, Environment = environment };
        var result = await Task.Factory.StartNew(() => run(request), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        error.Complete();
        if (result.Stopped)
        {
            await FailAsync(context, StatusCodes.Status504GatewayTimeout, $"the module did not answer in {LongestRun.TotalSeconds} s");
        }
        else if (result.Trap is { } trap)
        {
            await FailAsync(context, StatusCodes.Status500InternalServerError, trap);
        }
        else if (result.ExitCode != 0)
        {
            await FailAsync(context, StatusCodes.Status500InternalServerError, string.Create(CultureInfo.InvariantCulture, $"the module ended with exit code {result.ExitCode}"));
        }
        else
        {
            await WriteAsync(context, output);
        }
    }

    private static void Append(MemoryStream output, ReadOnlySpan<byte> data)
    {
        lock (output)
        {
            // Thrown in Wasmtime's callback this closes the module's standard output.
            if (output.Length + data.Length > LargestAnswer)
            {
                throw new InvalidOperationException("the answer is too large");
            }

            output.Write(data);
        }
    }

    private async Task WriteAsync(HttpContext context, MemoryStream output)
    {
        CgiResponse answer;
        try
        {
            answer = CgiResponse.Parse(output.GetBuffer().AsMemory(0, (int)output.Length));
        }
        catch (FormatException e)
        {
            await FailAsync(context, StatusCodes.Status500InternalServerError, $"the module does not answer as a CGI program: {e.Message}");
            return;
        }

        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers.Append(name, value);
        }

        if (answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            context.Response.ContentLength = answer.Body.Length;
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
            }
        }
    }

    /// <summary>The client learns that it failed, the log learns why.</summary>
    private async Task FailAsync(HttpContext context, int status, string reason)
    {
        var lines = new LogLines(log, isError: true);
        lines.Write(Encoding.UTF8.GetBytes($"{context.Request.Method} {context.Request.Path}: {reason}"));
        lines.Complete();

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync($"{status.ToString(CultureInfo.InvariantCulture)}: the WebAssembly module could not answer; its log says why.\n", context.RequestAborted);
        }
    }
}

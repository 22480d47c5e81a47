using Harmony.Embedded.Node;
using Harmony.Kubernetes.Objects;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>A container's log over HTTP.</summary>
internal static class PodLog
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    public static async Task ServeAsync(HttpContext context, IKubelet kubelet, string ns, string pod, TimeProvider time)
    {
        var request = Read(context.Request.Query, time);
        context.Response.ContentType = "text/plain";
        await using var body = new SendingStream(async (data, cancellation) =>
        {
            await context.Response.Body.WriteAsync(data, cancellation);
            if (request.Follow)
            {
                await context.Response.Body.FlushAsync(cancellation);
            }
        });
        var writing = kubelet.WriteLogAsync(ns, pod, request, body, context.RequestAborted);
        if (request.Follow)
        {
            // A log that is followed may stay silent for long. What can be refused has been by then: tell the client that it is served.
            await Task.WhenAny(writing, Task.Delay(Patience, time, context.RequestAborted));
            if (!writing.IsCompleted)
            {
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }

        try
        {
            await writing;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has seen enough.
        }
    }

    private static LogRequest Read(IQueryCollection query, TimeProvider time)
    {
        if (query.Text("sinceSeconds") is not null && query.Text("sinceTime") is not null)
        {
            throw new ApiException(422, "Invalid", "PodLogOptions \"\" is invalid: sinceSeconds: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
        }

        DateTimeOffset? since = query.Number("sinceSeconds", 1) is { } seconds ? time.GetUtcNow() - TimeSpan.FromSeconds(Math.Min(seconds, 1_000_000_000)) : null;
        if (query.Text("sinceTime") is { } text)
        {
            since = Timestamps.Parse(text) ?? throw new ApiException(400, "BadRequest", $"parsing time \"{text}\" as RFC 3339: cannot parse it");
        }

        return new()
        {
            Container = query.Text("container"),
            Follow = query.Flag("follow"),
            Previous = query.Flag("previous"),
            Timestamps = query.Flag("timestamps"),
            Since = since,
            TailLines = query.Number("tailLines", 0),
            LimitBytes = query.Number("limitBytes", 1),
            Stream = query.Text("stream") ?? "All",
        };
    }
}

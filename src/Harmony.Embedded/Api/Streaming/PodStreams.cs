using System.Text.Json.Nodes;
using Harmony.Embedded.Node;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>
/// The streaming subresources of a pod: <c>log</c>, <c>exec</c>, <c>attach</c>, <c>portforward</c>. It upgrades connections by itself: the host needs
/// HTTP/1.1 on its listener and no WebSocket middleware.
/// </summary>
public sealed class PodStreams(IKubelet kubelet, TimeProvider? time = null)
{
    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>Serves one request to its end. Refusals are answered as a metav1.Status; nothing is thrown but cancellation.</summary>
    public async Task HandleAsync(HttpContext context, string ns, string pod, string subresource)
    {
        try
        {
            await (subresource switch
            {
                "log" => PodLog.ServeAsync(context, kubelet, ns, pod, time),
                "exec" or "attach" => PodExec.ServeAsync(context, kubelet, ns, pod, attach: subresource == "attach"),
                "portforward" => PodPortForward.ServeAsync(context, kubelet, ns, pod),
                _ => throw new ApiException(404, "NotFound", "the server could not find the requested resource"),
            });
        }
        catch (Exception) when (context.Response.HasStarted)
        {
            // There is no other way left to say that something went wrong.
            context.Abort();
        }
        catch (ApiException e)
        {
            await RefuseAsync(context, StreamStatus.Failure(e));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await RefuseAsync(context, StreamStatus.Failure(new(500, "InternalError", $"Internal error occurred: {e.Message}")));
        }
    }

    private static async Task RefuseAsync(HttpContext context, JsonObject status)
    {
        context.Response.StatusCode = (int)status["code"]!;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(status.ToJsonString(), context.RequestAborted);
    }
}

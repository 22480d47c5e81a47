using System.Net;
using System.Net.Sockets;
using Polly;
using Polly.Retry;

namespace Harmony.Kubernetes.Transport;

internal sealed partial class ApiConnection
{
    private static ResiliencePipeline<HttpResponseMessage> CreateRetries(TimeProvider time) =>
        new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = 5,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(5),
                UseJitter = true,
                ShouldHandle = static arguments => ValueTask.FromResult(MayRepeat(arguments.Outcome, arguments.Context.Properties.GetValue(ApiRequest.Key, null!))),
                DelayGenerator = static arguments => ValueTask.FromResult(RetryAfter(arguments.Outcome.Result)),
                OnRetry = static arguments =>
                {
                    arguments.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();

    private static bool MayRepeat(Outcome<HttpResponseMessage> outcome, ApiRequest request) => outcome switch
    {
        { Result.StatusCode: HttpStatusCode.TooManyRequests } => true,
        { Result.StatusCode: HttpStatusCode.ServiceUnavailable } => request.IsRepeatable,
        { Exception: HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } } } => false,
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } } => false,
        // Nothing was sent yet: repeating it is safe whatever it is.
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } } => true,
        { Exception: HttpRequestException or IOException } => request.IsRepeatable,
        _ => false,
    };

    private static TimeSpan? RetryAfter(HttpResponseMessage? response) =>
        response?.Headers.RetryAfter?.Delta is { } delta ? delta < TimeSpan.FromSeconds(10) ? delta : TimeSpan.FromSeconds(10) : null;
}

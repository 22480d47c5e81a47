using System.Net;
using Harmony.Platform.Files;
using Polly;
using Polly.Retry;

namespace Harmony.Platform.Downloads;

/// <summary>
/// Fetches files: goes on where an earlier try ended, gives stalled connections up, repeats what failed for a passing reason, and puts a file
/// into its place only after its checksum was verified. Whoever calls holds a lock on the destination.
/// </summary>
public sealed class Downloader : IDisposable
{
    private readonly DownloadSettings settings;
    private readonly DownloadFailure failure;
    private readonly HttpClient client;
    private readonly ResiliencePipeline retries;

    public Downloader(HttpConnections connections, DownloadSettings? settings = null, TimeProvider? time = null)
    {
        this.settings = settings ?? new();
        failure = new(connections);
        client = new HttpClient(connections.CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("harmony");
        retries = Retries(this.settings, time ?? TimeProvider.System);
    }

    /// <summary>Fetches the file, unless it is there already with the right checksum.</summary>
    /// <exception cref="DownloadException">It could not be had, or is not what it should be.</exception>
    public async Task DownloadAsync(Download download, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        var partial = new PartialFile(download);
        try
        {
            if (await IsThereAsync(download, cancellation))
            {
                return;
            }

            var address = Mirror.Rewrite(download.Source, settings.Mirrors);
            await retries.ExecuteAsync(async stop => await TryAsync(download, address, partial, progress, stop), cancellation);
            partial.Finish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DownloadException(DownloadError.Disk, $"'{download.Destination}' could not be written.", "Check that the disk is not full and that you may write there.", e);
        }
    }

    public void Dispose() => client.Dispose();

    private static ResiliencePipeline Retries(DownloadSettings settings, TimeProvider time)
    {
        var longest = TimeSpan.FromSeconds(30);
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (settings.Retries > 0)
        {
            pipeline.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<DownloadException>(e => e.IsTransient),
                MaxRetryAttempts = settings.Retries,
                Delay = settings.FirstPause,
                MaxDelay = longest,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                DelayGenerator = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is DownloadException { RetryAfter: { } asked } ? asked < longest ? asked : longest : (TimeSpan?)null),
            });
        }

        return pipeline.Build();
    }

    private static async Task<bool> IsThereAsync(Download download, CancellationToken cancellation)
    {
        if (!File.Exists(download.Destination))
        {
            return false;
        }

        await using var stream = Disk.OpenRead(download.Destination);
        var hash = await System.Security.Cryptography.SHA256.HashDataAsync(stream, cancellation);
        return Convert.ToHexString(hash).Equals(download.Sha256, StringComparison.OrdinalIgnoreCase);
    }

    private async Task TryAsync(Download download, Uri address, PartialFile partial, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bool resumed;
        try
        {
            resumed = await ReceiveAsync(download, address, partial, progress, stall);
        }
        catch (HttpRequestException e)
        {
            throw failure.Of(address, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw failure.Stalled(address, settings.StallTimeout, e);
        }

        var hash = await partial.HashAsync(cancellation);
        if (!hash.Equals(download.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            partial.Delete();
            throw failure.WrongContent(address, download.Sha256, hash, resumed);
        }
    }

    /// <returns>Whether the bytes are of more than one answer.</returns>
    private async Task<bool> ReceiveAsync(Download download, Uri address, PartialFile partial, IProgress<DownloadProgress>? progress, CancellationTokenSource stall)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.AcceptEncoding.ParseAdd("identity");
        partial.AskForRest(request);
        stall.CancelAfter(settings.StallTimeout);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        var start = partial.Length;
        var append = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == start;
        if (!append && response.StatusCode != HttpStatusCode.OK)
        {
            if (response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent)
            {
                partial.Delete();
            }

            throw failure.Answer(address, response);
        }

        var received = append ? start : 0;
        var total = received + response.Content.Headers.ContentLength;
        if (total > download.MaxBytes)
        {
            partial.Delete();
            throw failure.TooLarge(address, download.MaxBytes);
        }

        await using var source = await response.Content.ReadAsStreamAsync(stall.Token);
        await using var target = partial.Open(append, address, response);
        var buffer = new byte[128 * 1024];
        int read;
        while ((read = await ReadAsync(source, buffer, address, stall.Token)) > 0)
        {
            received += read;
            if (received > download.MaxBytes)
            {
                throw failure.TooLarge(address, download.MaxBytes);
            }

            await target.WriteAsync(buffer.AsMemory(0, read), stall.Token);
            progress?.Report(new(received, total));
            stall.CancelAfter(settings.StallTimeout);
        }

        return append;
    }

    /// <summary>What fails here is the connection, not the disk: both throw an IOException.</summary>
    private async Task<int> ReadAsync(Stream source, byte[] buffer, Uri address, CancellationToken cancellation)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellation);
        }
        catch (IOException e)
        {
            throw failure.BrokenOff(address, e);
        }
    }
}

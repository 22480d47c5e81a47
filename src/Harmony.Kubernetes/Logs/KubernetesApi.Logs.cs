using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes;

public sealed partial class KubernetesApi
{
    private const int MaxLogLine = 1024 * 1024;

    public async IAsyncEnumerable<string> ReadLogAsync(string ns, string pod, LogOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ApiRequest(HttpMethod.Get, PodPath(ns, pod, "log") + LogQuery(options), $"reading the log of {ns}/{pod}") 
        {
            Accept = "*/*",
            MayStartLate = options.Follow,
        };
        using var response = await connection.OpenAsync(request, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var lines = new LineReader(stream, MaxLogLine);
        while (await NextLineAsync(lines, request, cancellation) is { } line)
        {
            yield return line;
        }
    }

    private async Task<string?> NextLineAsync(LineReader lines, ApiRequest request, CancellationToken cancellation)
    {
        try
        {
            return await lines.ReadTextAsync(cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw connection.Translate(request, e, cancellation);
        }
    }

    private static string LogQuery(LogOptions options)
    {
        var query = new StringBuilder("?");
        Add("container", options.Container);
        Add("follow", options.Follow ? "true" : null);
        Add("previous", options.Previous ? "true" : null);
        Add("timestamps", options.Timestamps ? "true" : null);
        Add("sinceTime", options.Since is { } since ? Timestamps.Format(since) : null);
        Add("tailLines", options.TailLines?.ToString(CultureInfo.InvariantCulture));
        return query.ToString(0, query.Length - 1);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                query.Append(name).Append('=').Append(Uri.EscapeDataString(value)).Append('&');
            }
        }
    }

    private static string PodPath(string ns, string pod, string subresource) =>
        $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/pods/{Uri.EscapeDataString(pod)}/{subresource}";
}

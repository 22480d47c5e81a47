using Harmony.Kubernetes;

namespace Harmony.Orchestration.Diagnosis;

/// <summary>Adds the last log lines to the findings that they help to understand.</summary>
public sealed class FindingLogs(IKubernetesApi api)
{
    private const int Lines = 20;
    private const int LongestLine = 2000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<IReadOnlyList<Finding>> AddAsync(IReadOnlyList<Finding> findings, CancellationToken cancellation) =>
        await Task.WhenAll(findings.Select(f => AddAsync(f, cancellation)));

    private async Task<Finding> AddAsync(Finding finding, CancellationToken cancellation)
    {
        if (!finding.WantsLog || finding.Pod is null || finding.Subject.Namespace is null)
        {
            return finding;
        }

        var lines = await ReadAsync(finding, finding.PreviousLog, cancellation);
        if (lines.Count == 0 && !finding.PreviousLog)
        {
            lines = await ReadAsync(finding, previous: true, cancellation);
        }

        return finding with { LogLines = lines };
    }

    private async Task<List<string>> ReadAsync(Finding finding, bool previous, CancellationToken cancellation)
    {
        var lines = new List<string>();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(Patience);
        try
        {
            var options = new LogOptions { Container = finding.Container, Previous = previous, TailLines = Lines };
            await foreach (var line in api.ReadLogAsync(finding.Subject.Namespace!, finding.Pod!, options, bounded.Token))
            {
                lines.Add(line.Length > LongestLine ? line[..LongestLine] : line);
            }
        }
        catch (KubernetesException)
        {
            // A container that has never run has no log; the finding stands without.
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
        }

        return lines;
    }
}

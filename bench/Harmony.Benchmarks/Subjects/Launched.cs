using System.Diagnostics;

namespace Harmony.Benchmarks.Subjects;

/// <summary>A program that ran to its end.</summary>
/// <param name="Duration">From before it was started until its end was known.</param>
internal sealed record Launched(TimeSpan Duration, int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public double Milliseconds => Duration.TotalMilliseconds;

    /// <exception cref="BenchException">It failed, or took longer than five minutes.</exception>
    public static async Task<Launched> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(Longest);
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(bound.Token);
            var error = process.StandardError.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            var duration = Stopwatch.GetElapsedTime(began);
            var launched = new Launched(duration, process.ExitCode, await output, await error);
            return launched.ExitCode == 0
                ? launched
                : throw new BenchException($"{program} {string.Join(' ', start.ArgumentList)} ended with {launched.ExitCode}:\n{launched.Error}{launched.Output}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new BenchException($"{program} {string.Join(' ', start.ArgumentList)} did not end within {Longest.TotalMinutes:0} minutes");
        }
    }
}

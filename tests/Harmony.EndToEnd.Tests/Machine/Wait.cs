using System.Diagnostics;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>Waits for what happens on its own.</summary>
internal static class Wait
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(90);

    public static async Task UntilAsync(Func<bool> condition, Func<string> otherwise, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            (Stopwatch.GetElapsedTime(started) < s_bound).ShouldBeTrue(otherwise());
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>Repeats what is being asked until the answer is as it should be.</summary>
    public static async Task<T> ForAsync<T>(Func<Task<T>> ask, Func<T, bool> condition, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (condition(answer))
            {
                return answer;
            }

            (Stopwatch.GetElapsedTime(started) < s_bound).ShouldBeTrue($"still: {answer}");
            await Task.Delay(100, cancellation);
        }
    }
}

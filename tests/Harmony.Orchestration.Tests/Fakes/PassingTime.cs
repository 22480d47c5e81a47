using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>Lets a test's clock run as fast as what waits for it can follow.</summary>
internal static class PassingTime
{
    /// <summary>Moves the clock on until the task ends; a task that does not end in an hour of that clock fails the test.</summary>
    public static async Task<T> PassUntilAsync<T>(this FakeTimeProvider time, Task<T> task, int stepMilliseconds = 100)
    {
        await PassUntilAsync(time, (Task)task, stepMilliseconds);
        return await task;
    }

    public static async Task PassUntilAsync(this FakeTimeProvider time, Task task, int stepMilliseconds = 100)
    {
        var end = time.GetUtcNow() + TimeSpan.FromHours(1);
        while (!task.IsCompleted)
        {
            (time.GetUtcNow() < end).ShouldBeTrue("nothing ended this wait");
            // A moment of real time, so that other threads get to what they wait for.
            await Task.WhenAny(task, Task.Delay(1));
            time.Advance(TimeSpan.FromMilliseconds(stepMilliseconds));
        }

        await task;
    }
}

namespace Harmony.Testing;

/// <summary>Waits for what happens soon on another thread, and fails when it does not.</summary>
public static class Eventually
{
    public static async Task Async(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(10, bound.Token);
        }
    }
}

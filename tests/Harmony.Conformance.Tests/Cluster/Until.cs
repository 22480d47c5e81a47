using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>Waits for what a cluster does in its own time; fails with what was seen last.</summary>
public static class Until
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    public static async Task<JsonObject> AsyncAs(Func<Task<JsonObject>> read, Func<JsonObject, bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var last = new JsonObject();
        await TrueAsync(
            async () =>
            {
                last = await read();
                return condition(last);
            },
            what,
            () => last.ToJsonString());
        return last;
    }

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, Func<string>? seen = null)
    {
        using var bound = new CancellationTokenSource(Bound);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, TestContext.Current.CancellationToken);
        while (!await condition())
        {
            try
            {
                await Task.Delay(50, both.Token);
            }
            catch (OperationCanceledException e) when (bound.IsCancellationRequested)
            {
                throw new ShouldAssertException($"Within {Bound.TotalSeconds} s it did not come true that {what}. Last seen: {seen?.Invoke()}", e);
            }
        }
    }

    /// <summary>That nothing happens can only be seen by looking for a while.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan how, string what)
    {
        var end = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(end) < how)
        {
            (await condition()).ShouldBeTrue(what);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}

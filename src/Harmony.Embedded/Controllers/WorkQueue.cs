using Harmony.Embedded.Api;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// The keys a controller has to look at: each at most once at a time, several keys at once, again with growing pauses where it failed, and later
/// where something is due. Belongs to the controllers' loop; costs nothing while idle.
/// </summary>
internal sealed class WorkQueue : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>A due time is looked at again after this long at the latest, so that a clock that was set does not hold it up.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private readonly Func<NamespacedName, CancellationToken, Task> reconcile;
    private readonly ControllerContext context;
    private readonly string name;
    private readonly int parallelism;
    private readonly Queue<NamespacedName> ready = new();
    private readonly HashSet<NamespacedName> waiting = [];
    private readonly HashSet<NamespacedName> running = [];
    private readonly HashSet<NamespacedName> again = [];
    private readonly Dictionary<NamespacedName, int> failures = [];
    private readonly PriorityQueue<NamespacedName, long> later = new();
    private readonly Dictionary<NamespacedName, long> due = [];
    private readonly Dictionary<NamespacedName, long> resting = [];
    private readonly ITimer timer;
    private readonly TaskScheduler loop;
    private bool started;

    public WorkQueue(string name, ControllerContext context, int parallelism, Func<NamespacedName, CancellationToken, Task> reconcile)
    {
        (this.name, this.context, this.parallelism, this.reconcile) = (name, context, parallelism, reconcile);
        loop = TaskScheduler.Current;
        timer = context.Time.CreateTimer(_ => Post(Wake), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Start()
    {
        started = true;
        Pump();
    }

    public void Add(NamespacedName key)
    {
        if (running.Contains(key))
        {
            again.Add(key);
        }
        else if (resting.TryGetValue(key, out var until) && until > context.Time.GetTimestamp())
        {
            AddAfter(key, TimeSpan.FromSeconds((until - context.Time.GetTimestamp()) / (double)context.Time.TimestampFrequency));
        }
        else if (waiting.Add(key))
        {
            ready.Enqueue(key);
            Pump();
        }
    }

    /// <summary>Looks at the key when this much time has passed, or earlier where it is asked for earlier.</summary>
    public void AddAfter(NamespacedName key, TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
        {
            wait = TimeSpan.FromMilliseconds(1);
        }

        wait = wait > LongestWait ? LongestWait : wait;
        var at = context.Time.GetTimestamp() + (long)(wait.TotalSeconds * context.Time.TimestampFrequency);
        if (due.TryGetValue(key, out var known) && known <= at)
        {
            return;
        }

        due[key] = at;
        later.Enqueue(key, at);
        Arm();
    }

    /// <summary>
    /// Keeps the key from being looked at for this long, so that the changes of its many objects gather; called while it is looked at.
    /// </summary>
    public void Rest(NamespacedName key, TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            resting[key] = context.Time.GetTimestamp() + (long)(time.TotalSeconds * context.Time.TimestampFrequency);
        }
        else
        {
            resting.Remove(key);
        }
    }

    public void Dispose() => timer.Dispose();

    private void Post(Action action) => _ = Task.Factory.StartNew(action, context.Stopping, TaskCreationOptions.DenyChildAttach, loop);

    private void Wake()
    {
        var now = context.Time.GetTimestamp();
        while (later.TryPeek(out var key, out var at) && at <= now)
        {
            later.Dequeue();
            if (due.TryGetValue(key, out var expected) && expected == at)
            {
                due.Remove(key);
                Add(key);
            }
        }

        Arm();
    }

    private void Arm()
    {
        if (later.TryPeek(out _, out var at))
        {
            var wait = TimeSpan.FromSeconds((at - context.Time.GetTimestamp()) / (double)context.Time.TimestampFrequency);
            timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Pump()
    {
        while (started && running.Count < parallelism && ready.TryDequeue(out var key))
        {
            waiting.Remove(key);
            running.Add(key);
            _ = Task.Factory.StartNew(() => ReconcileAsync(key), context.Stopping, TaskCreationOptions.DenyChildAttach, loop);
        }
    }

    private async Task ReconcileAsync(NamespacedName key)
    {
        try
        {
            await reconcile(key, context.Stopping);
            failures.Remove(key);
        }
        catch (OperationCanceledException) when (context.Stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            var count = failures[key] = failures.GetValueOrDefault(key) + 1;
            var pause = FirstPause * Math.Pow(2, Math.Min(count - 1, 20));
            if (e is not ApiException { IsConflict: true })
            {
                context.Log.Log(e is ApiException or RetryException ? LogLevel.Debug : LogLevel.Error, e, "{Controller}: {Key}: {Message}", name, key, e.Message);
            }

            AddAfter(key, pause < LongestPause ? pause : LongestPause);
        }

        running.Remove(key);
        if (again.Remove(key))
        {
            Add(key);
        }

        Pump();
    }
}

/// <summary>The work is not done and is to be tried again after a pause; nothing is wrong with the program.</summary>
internal sealed class RetryException(string message, Exception? inner = null) : Exception(message, inner);

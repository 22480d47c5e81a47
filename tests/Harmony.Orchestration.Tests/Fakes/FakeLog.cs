using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Harmony.Kubernetes;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>What a container has written; who follows it gets what comes until it ends or breaks.</summary>
internal sealed class FakeLog
{
    private readonly Lock gate = new();
    private readonly List<(DateTimeOffset Time, string Text)> lines = [];
    private readonly List<Channel<(DateTimeOffset, string)>> followers = [];
    private bool ended;

    public FakeLog(params (int Second, string Text)[] lines) => this.lines.AddRange(lines.Select(l => (At(l.Second), l.Text)));

    public static DateTimeOffset At(int second) => DateTimeOffset.UnixEpoch.AddSeconds(second);

    public void Write(int second, string text)
    {
        lock (gate)
        {
            lines.Add((At(second), text));
            followers.ForEach(f => f.Writer.TryWrite((At(second), text)));
        }
    }

    /// <summary>The container ends.</summary>
    public void End()
    {
        lock (gate)
        {
            ended = true;
            followers.ForEach(f => f.Writer.TryComplete());
        }
    }

    /// <summary>The connections break; the container goes on.</summary>
    public void Break()
    {
        lock (gate)
        {
            followers.ForEach(f => f.Writer.TryComplete(new KubernetesException(KubernetesError.Unreachable, "the connection was lost")));
            followers.Clear();
        }
    }

    public int Followers
    {
        get
        {
            lock (gate)
            {
                return followers.Count;
            }
        }
    }

    public async IAsyncEnumerable<string> ReadAsync(LogOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateUnbounded<(DateTimeOffset Time, string Text)>();
        List<(DateTimeOffset Time, string Text)> present;
        lock (gate)
        {
            // As the API: whole seconds, and the last lines of what is left.
            present = [.. lines.Where(l => options.Since is not { } since || l.Time >= DateTimeOffset.FromUnixTimeSeconds(since.ToUnixTimeSeconds()))];
            present = options.TailLines is { } tail ? [.. present.TakeLast((int)tail)] : present;
            if (options.Follow && !ended)
            {
                followers.Add(channel);
            }
            else
            {
                channel.Writer.Complete();
            }
        }

        foreach (var (time, text) in present)
        {
            yield return Format(time, text);
        }

        await foreach (var (time, text) in channel.Reader.ReadAllAsync(cancellation))
        {
            yield return Format(time, text);
        }

        string Format(DateTimeOffset time, string text) => options.Timestamps ? $"{time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)} {text}" : text;
    }
}

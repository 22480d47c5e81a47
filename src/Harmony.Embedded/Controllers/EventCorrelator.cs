using System.Globalization;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Finds the event that an occurrence repeats, combines similar ones, and mutes floods: client-go's EventCorrelator with its defaults.</summary>
internal sealed class EventCorrelator(TimeProvider time)
{
    /// <summary>This many different messages for one object and reason within <see cref="Window"/> are told apart; more are combined.</summary>
    private const int MaxSimilar = 10;

    /// <summary>An object's events pass until this bucket is empty; one more drips in every five minutes.</summary>
    private const double Burst = 25;
    private const int MaxRemembered = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Entry> entries = [];
    private readonly Dictionary<string, (HashSet<string> Messages, long Since)> similar = [];
    private readonly Dictionary<string, (double Tokens, long At)> buckets = [];

    /// <summary>The event to write or to raise; null where it is to be dropped.</summary>
    public Entry? Correlate(EventRecorder.Occurrence occurrence, string component, string? host)
    {
        var about = occurrence.About;
        var source = $"{component}|{host}|{about.Text("kind")}|{about.Text("namespace")}|{about.Text("name")}|{about.Text("uid")}|{about.Text("apiVersion")}";
        var kind = $"{source}|{about.Text("fieldPath")}|{occurrence.Type}|{occurrence.Reason}";
        var message = occurrence.Message;
        var key = $"{kind}|{message}";
        if (Similar(kind, message) > MaxSimilar)
        {
            key = $"{kind}|combined";
            message = $"(combined from similar events): {message}";
        }

        if (!Allows(source))
        {
            return null;
        }

        Bound(entries);
        if (!entries.TryGetValue(key, out var entry))
        {
            entries[key] = entry = new();
        }

        entry.Message = message;
        return entry;
    }

    private int Similar(string kind, string message)
    {
        Bound(similar);
        var now = time.GetTimestamp();
        if (!similar.TryGetValue(kind, out var seen) || time.GetElapsedTime(seen.Since, now) > Window)
        {
            seen = (new(StringComparer.Ordinal), now);
        }

        // Once combined, more messages need not be remembered.
        if (seen.Messages.Count <= MaxSimilar)
        {
            seen.Messages.Add(message);
        }

        similar[kind] = seen with { Since = now };
        return seen.Messages.Count;
    }

    private bool Allows(string source)
    {
        Bound(buckets);
        var now = time.GetTimestamp();
        var (tokens, at) = buckets.GetValueOrDefault(source, (Burst, now));
        tokens = Math.Min(Burst, tokens + (time.GetElapsedTime(at, now) / Refill));
        var allowed = tokens >= 1;
        buckets[source] = (allowed ? tokens - 1 : tokens, now);
        return allowed;
    }

    /// <summary>Forgets all rather than growing: the next occurrence then begins a new event.</summary>
    private static void Bound<T>(Dictionary<string, T> remembered)
    {
        if (remembered.Count > MaxRemembered)
        {
            remembered.Clear();
        }
    }

    internal sealed class Entry
    {
        /// <summary>The stored event's name; null until it was written.</summary>
        public string? Name { get; set; }

        public int Count { get; set; }

        public string Message { get; set; } = "";

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ×{Count}");
    }
}

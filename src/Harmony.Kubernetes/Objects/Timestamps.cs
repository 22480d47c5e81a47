using System.Globalization;
using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>Times as the API writes them: metav1.Time in whole seconds, metav1.MicroTime in microseconds, always UTC.</summary>
public static class Timestamps
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string FormatMicro(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The time written here, UTC where it names no zone; null where it cannot be read.</summary>
    public static DateTimeOffset? Parse(ReadOnlySpan<char> text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>Now, as a metav1.Time.</summary>
    public static string Stamp(this TimeProvider time) => Format(time.GetUtcNow());

    /// <summary>The time written here; null where it is missing or unreadable.</summary>
    public static DateTimeOffset? AsTime(this JsonNode? node) => node.AsText() is { } text ? Parse(text) : null;

    public static DateTimeOffset? Created(this JsonObject self) => self.At("metadata", "creationTimestamp").AsTime();
}

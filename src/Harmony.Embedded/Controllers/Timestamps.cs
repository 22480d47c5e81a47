using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Times as the API writes them: metav1.Time in whole seconds, metav1.MicroTime in microseconds, always UTC.</summary>
internal static class Timestamps
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string FormatMicro(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string Stamp(this TimeProvider time) => Format(time.GetUtcNow());

    /// <summary>The time written here; null where it is missing or unreadable.</summary>
    public static DateTimeOffset? AsTime(this JsonNode? node) =>
        node.AsText() is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static DateTimeOffset? Created(this JsonObject self) => self.At("metadata", "creationTimestamp").AsTime();
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>Durations as kubectl shows them: <c>5s</c>, <c>3m20s</c>, <c>5h10m</c>, <c>2d4h</c>, <c>30d</c>, <c>2y10d</c>.</summary>
internal static class Ages
{
    /// <summary>How long ago; <c>&lt;unknown&gt;</c> for no time.</summary>
    public static string Since(JsonNode? time, DateTimeOffset now) => time.AsTime() is { } then ? Human(now - then) : "<unknown>";

    /// <summary>Source: https://github.com/kubernetes/apimachinery/blob/master/pkg/util/duration/duration.go.</summary>
    public static string Human(TimeSpan age)
    {
        var seconds = (long)age.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        var minutes = seconds / 60;
        var hours = minutes / 60;
        var days = hours / 24;
        string With(long first, string unit, long second, string smaller) => second == 0 ? $"{first}{unit}" : $"{first}{unit}{second}{smaller}";
        return seconds < 120 ? $"{seconds}s"
            : minutes < 10 ? With(minutes, "m", seconds % 60, "s")
            : hours < 3 ? $"{minutes}m"
            : hours < 8 ? With(hours, "h", minutes % 60, "m")
            : hours < 48 ? $"{hours}h"
            : hours < 192 ? With(days, "d", hours % 24, "h")
            : days < 730 ? $"{days}d"
            : days < 2920 ? With(days / 365, "y", days % 365, "d")
            : $"{days / 365}y";
    }
}

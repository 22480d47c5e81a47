using System.Globalization;
using System.Text;

namespace Harmony.Embedded.Node.Pods;

/// <summary>Durations as the kubelet's messages have them: <c>766ms</c>, <c>1.5s</c>, <c>1m20s</c>, <c>5m0s</c>.</summary>
internal static class GoDuration
{
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalMilliseconds}ms");
        }

        var text = new StringBuilder();
        if (duration.TotalHours >= 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(long)duration.TotalHours}h");
        }

        if (duration.TotalMinutes >= 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"{duration.Minutes}m");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{Math.Round(duration.Seconds + (duration.Milliseconds / 1000m), 3):0.###}s").ToString();
    }
}

using System.CommandLine.Parsing;
using System.Globalization;

namespace Harmony.Cli.Commands;

/// <summary>Reads durations as kubectl and Compose write them: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, or plain seconds.</summary>
internal static class Duration
{
    public static TimeSpan? Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return Bounded(seconds);
        }

        var total = 0.0;
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) || text[i] == '.')
            {
                continue;
            }

            var unit = text[i] switch { 'm' when i + 1 < text.Length && text[i + 1] == 's' => 0.001, 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0.0 };
            if (unit == 0 || !double.TryParse(text.AsSpan(start, i - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            total += number * unit;
            i += unit == 0.001 ? 1 : 0;
            start = i + 1;
        }

        return start == text.Length && text.Length > 0 ? Bounded(total) : null;
    }

    public static TimeSpan? Read(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        var duration = Parse(text);
        if (duration is null)
        {
            result.AddError($"'{text}' is no duration; write it as 90s, 5m or 1h30m.");
        }

        return duration;
    }

    private static TimeSpan? Bounded(double seconds) => seconds is >= 0 and < 31_536_000 ? TimeSpan.FromSeconds(seconds) : null;
}

using System.Globalization;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Finds what is wrong with a cron schedule, in the words of the parser that kube-apiserver uses.</summary>
internal static class CronSyntax
{
    private static readonly (int Min, int Max, string[] Words)[] Fields =
    [
        (0, 59, []),
        (0, 23, []),
        (1, 31, []),
        (1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        (0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];

    private static readonly string[] Descriptors = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

    /// <summary>The fault; null where the schedule is good.</summary>
    public static string? Fault(string schedule)
    {
        if (schedule.StartsWith('@'))
        {
            return Descriptors.Contains(schedule, StringComparer.Ordinal) || schedule.StartsWith("@every ", StringComparison.Ordinal) ? null
                : $"unrecognized descriptor: {schedule}";
        }

        var parts = schedule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != Fields.Length)
        {
            return $"expected exactly 5 fields, found {parts.Length}: [{string.Join(' ', parts)}]";
        }

        return parts.Zip(Fields).SelectMany(f => f.First.Split(',').Select(r => Range(r, f.Second))).FirstOrDefault(f => f is not null);
    }

    private static string? Range(string text, (int Min, int Max, string[] Words) field)
    {
        var step = text.Split('/');
        var bounds = step[0].Split('-');
        if (step.Length > 2)
        {
            return $"too many slashes: {text}";
        }

        if (bounds.Length > 2)
        {
            return $"too many hyphens: {text}";
        }

        int start, end;
        if (bounds[0] is "*" or "?")
        {
            (start, end) = (field.Min, field.Max);
        }
        else
        {
            if (Number(bounds[0], field, out start) is { } fault)
            {
                return fault;
            }

            end = start;
            if (bounds.Length == 2 && Number(bounds[1], field, out end) is { } endFault)
            {
                return endFault;
            }

            if (bounds.Length == 1 && step.Length == 2)
            {
                end = field.Max;
            }
        }

        var every = 1;
        if (step.Length == 2 && Integer(step[1], out every) is { } stepFault)
        {
            return stepFault;
        }

        return start < field.Min ? $"beginning of range ({start}) below minimum ({field.Min}): {text}"
            : end > field.Max ? $"end of range ({end}) above maximum ({field.Max}): {text}"
            : start > end ? $"beginning of range ({start}) beyond end of range ({end}): {text}"
            : every == 0 ? $"step of range should be a positive number: {text}"
            : null;
    }

    private static string? Number(string text, (int Min, int Max, string[] Words) field, out int value)
    {
        var word = Array.FindIndex(field.Words, w => w.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (word >= 0)
        {
            value = word + field.Min;
            return null;
        }

        return Integer(text, out value);
    }

    private static string? Integer(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            ? value < 0 ? $"negative number ({value}) not allowed: {text}" : null
            : $"failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax";
}

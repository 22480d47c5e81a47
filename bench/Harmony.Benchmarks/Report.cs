using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Benchmarks;

/// <summary>The rows as a Markdown table, or as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Table(IReadOnlyDictionary<string, string> machine, IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in machine)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {name}: {value}");
        }

        text.AppendLine().AppendLine("| what | subject | median | least | bound | kept |").AppendLine("| --- | --- | ---: | ---: | ---: | --- |");
        foreach (var row in rows)
        {
            text.AppendLine(row.Missing is { } why
                ? $"| {row.What} | {row.Subject} | | | | {why} |"
                : $"| {row.What} | {row.Subject} | {Number(row.Median, row.Unit)} | {Number(row.Least, row.Unit)} | {BoundOf(row)} | {Verdict(row, rows)} |");
        }

        return text.ToString();
    }

    public static string Json(IReadOnlyDictionary<string, string> machine, IReadOnlyList<Row> rows) => new JsonObject
    {
        ["machine"] = new JsonObject(machine.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
        ["rows"] = new JsonArray([.. rows.Select(r => (JsonNode)new JsonObject
        {
            ["what"] = r.What,
            ["subject"] = r.Subject,
            ["unit"] = r.Unit,
            ["values"] = new JsonArray([.. r.Values.Select(v => (JsonNode)v)]),
            ["median"] = r.Values.Count > 0 ? r.Median : null,
            ["bound"] = Limit(r, rows),
            ["kept"] = Limit(r, rows) is { } limit && r.Values.Count > 0 ? r.Median <= limit : null,
            ["missing"] = r.Missing,
        })]),
    }.ToJsonString(Indented) + "\n";

    private static string Number(double value, string unit) => unit switch
    {
        "ms" when value >= 1000 => $"{(value / 1000).ToString("0.00", CultureInfo.InvariantCulture)} s",

        // The kernel counts hundredths of a second: one of them in twenty seconds.
        "% of a core" when value < 0.05 => "< 0.05 % of a core",
        _ => $"{value.ToString(value < 10 ? "0.00" : "0", CultureInfo.InvariantCulture)} {unit}",
    };

    private static string BoundOf(Row row) => row.Bound is not { } bound ? ""
        : row.Peer is { } peer ? string.Create(CultureInfo.InvariantCulture, $"{bound} × {peer}")
        : $"{bound.ToString(CultureInfo.InvariantCulture)} {row.Unit}";

    private static string Verdict(Row row, IReadOnlyList<Row> rows)
    {
        if (row.Bound is null)
        {
            return "";
        }

        var relative = row.Peer is { } peer && Beside(row, rows) is { } other
            ? string.Create(CultureInfo.InvariantCulture, $" ({row.Median / other.Median:0.00} × {peer})") : "";
        return Limit(row, rows) is not { } limit ? "the peer is missing" : (row.Median <= limit ? "yes" : "**no**") + relative;
    }

    private static double? Limit(Row row, IReadOnlyList<Row> rows) => row.Peer is null ? row.Bound : row.Bound * Beside(row, rows)?.Median;

    private static Row? Beside(Row row, IReadOnlyList<Row> rows) => rows.FirstOrDefault(r => r.What == row.What && r.Subject == row.Peer && r.Values.Count > 0);
}

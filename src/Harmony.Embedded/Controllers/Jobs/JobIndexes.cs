using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

/// <summary>Completion indexes of an Indexed Job, written as <c>0-2,4</c>.</summary>
internal static class JobIndexes
{
    public const string Annotation = "batch.kubernetes.io/job-completion-index";

    public static int? Of(JsonObject pod) =>
        int.TryParse(pod.Annotation(Annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    /// <summary>Reads what is below the bound; nonsense is skipped.</summary>
    public static SortedSet<int> Parse(string? text, int bound)
    {
        var indexes = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            {
                for (var i = first; i <= last && i < bound; i++)
                {
                    indexes.Add(i);
                }
            }
        }

        return indexes;
    }

    public static string Format(SortedSet<int> indexes)
    {
        var text = new StringBuilder();
        int? first = null, last = null;
        foreach (var index in indexes.Append(int.MaxValue))
        {
            if (last is not null && index == last + 1)
            {
                last = index;
                continue;
            }

            if (first is not null)
            {
                text.Append(text.Length > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{first}");
                if (last > first)
                {
                    // Two in a row are a list, three a range: as kube writes them.
                    text.Append(last == first + 1 ? ',' : '-').Append(CultureInfo.InvariantCulture, $"{last}");
                }
            }

            first = last = index;
        }

        return text.ToString();
    }
}

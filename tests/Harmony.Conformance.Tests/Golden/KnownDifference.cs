namespace Harmony.Conformance.Tests.Golden;

/// <summary>The table of differences in <c>docs/reference/embedded.md</c>: one row a place, with its reason.</summary>
public sealed record KnownDifference(string Group, string Request, string Place, string Reason)
{
    private const string Header = "| Group | Request | Place | Why |";

    public static IReadOnlyList<KnownDifference> ReadAll()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", "embedded.md"));
        return
        [
            .. lines.SkipWhile(l => l != Header).Skip(2).TakeWhile(l => l.StartsWith('|'))
                .Select(l => l.Trim().Trim('|').Split('|').Select(c => c.Trim().Trim('`')).ToArray())
                .Select(c => new KnownDifference(c[0], c[1], c[2], c[3])),
        ];
    }

    /// <summary>A star stands for every request, or every place.</summary>
    public bool Covers(Difference difference) =>
        Group == difference.Case.Group && Request is var name && (name == "*" || name == difference.Case.Name)
        && (Place == "*" || difference.Path == Place || difference.Path.StartsWith(Place + ".", StringComparison.Ordinal) || difference.Path.StartsWith(Place + "[", StringComparison.Ordinal));
}

using System.Text;

namespace Harmony.Projects.Discovery;

/// <summary>Names as Kubernetes takes them: RFC 1123 labels of at most 63 lower-case letters, digits and inner hyphens.</summary>
public static class DnsLabel
{
    private const int Longest = 63;

    /// <summary>The nearest label to any text: <c>My App</c> becomes <c>my-app</c>. Empty where the text has no letter or digit.</summary>
    public static string From(string text)
    {
        var label = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                label.Append(char.ToLowerInvariant(c));
            }
            else if (label.Length > 0 && label[^1] != '-')
            {
                label.Append('-');
            }

            if (label.Length == Longest)
            {
                break;
            }
        }

        return label.ToString().Trim('-');
    }

    /// <summary>The same, but starting with a letter, as Services need it (RFC 1035).</summary>
    public static string ForService(string text)
    {
        var label = From(text);
        return label.Length == 0 ? "app" : char.IsAsciiLetter(label[0]) ? label : From("app-" + label);
    }

    public static bool IsValid(string text) => text.Length is > 0 and <= Longest
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';
}

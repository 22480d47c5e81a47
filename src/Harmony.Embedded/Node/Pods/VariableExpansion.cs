using System.Text;

namespace Harmony.Embedded.Node.Pods;

/// <summary>
/// Replaces <c>$(NAME)</c> in commands and values; <c>$$</c> is a dollar, and a name that is not known stays as it is written.
/// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
/// </summary>
internal static class VariableExpansion
{
    public static string Expand(string text, Func<string, string?> lookup)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            switch (text[i + 1])
            {
                case '$':
                    result.Append('$');
                    i++;
                    break;
                case '(' when text.IndexOf(')', i + 2) is >= 0 and var end:
                    var name = text[(i + 2)..end];
                    result.Append(lookup(name) ?? $"$({name})");
                    i = end;
                    break;
                default:
                    result.Append('$');
                    break;
            }
        }

        return result.ToString();
    }
}

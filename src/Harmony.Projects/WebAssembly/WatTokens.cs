namespace Harmony.Projects.WebAssembly;

/// <summary>Splits a WebAssembly text into brackets, strings (with their quotes) and words, without its comments.</summary>
internal static class WatTokens
{
    public static List<string> Read(string text)
    {
        var tokens = new List<string>();
        var i = 0;
        while (i < text.Length)
        {
            var rest = text.AsSpan(i);
            if (rest.StartsWith(";;", StringComparison.Ordinal))
            {
                var end = rest.IndexOf('\n');
                i = end < 0 ? text.Length : i + end + 1;
            }
            else if (rest.StartsWith("(;", StringComparison.Ordinal))
            {
                i = EndOfBlockComment(text, i);
            }
            else if (char.IsWhiteSpace(text[i]))
            {
                i++;
            }
            else
            {
                var end = text[i] is '(' or ')' ? i + 1 : text[i] == '"' ? EndOfString(text, i) : EndOfWord(text, i);
                tokens.Add(text[i..end]);
                i = end;
            }
        }

        return tokens;
    }

    /// <summary>Block comments nest.</summary>
    private static int EndOfBlockComment(string text, int start)
    {
        var depth = 0;
        for (var i = start; i + 1 < text.Length; i++)
        {
            if (text[i] == '(' && text[i + 1] == ';')
            {
                depth++;
                i++;
            }
            else if (text[i] == ';' && text[i + 1] == ')')
            {
                i++;
                if (--depth == 0)
                {
                    return i + 1;
                }
            }
        }

        return text.Length;
    }

    private static int EndOfString(string text, int start)
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    private static int EndOfWord(string text, int start)
    {
        var i = start + 1;
        while (i < text.Length && text[i] is not ('(' or ')' or '"' or ';') && !char.IsWhiteSpace(text[i]))
        {
            i++;
        }

        return i;
    }
}

using System.Globalization;

namespace Harmony.Projects.WebAssembly;

/// <summary>
/// Looks in a WebAssembly text for what tells whether it serves. Tolerant: what is wrong with the text is the compiler's to say, with its place.
/// Source: https://webassembly.github.io/spec/core/text/index.html.
/// </summary>
internal static class ModuleText
{
    private const string Export = "\"" + ModuleBinary.PortExport + "\"";

    public static long? ReadHttpPort(string text)
    {
        var tokens = WatTokens.Read(text);
        if (tokens is ["(", "component", ..])
        {
            return tokens.Exists(t => t.StartsWith("\"" + ModuleBinary.HandlerExport, StringComparison.Ordinal)) ? ModuleBinary.ComponentPort : null;
        }

        var globals = new List<(string? Id, long? Value)>();
        string? wanted = null;
        for (var i = 0; i + 1 < tokens.Count; i++)
        {
            if (tokens[i] != "(")
            {
                continue;
            }

            if (tokens[i + 1] == "global")
            {
                var at = i + 2;
                var id = at < tokens.Count && tokens[at].StartsWith('$') ? tokens[at++] : null;
                var exported = SkipInline(tokens, ref at);
                var value = Constant(tokens, at);
                if (exported)
                {
                    return value;
                }

                globals.Add((id, value));
            }
            else if (tokens[i + 1] == "export" && Matches(tokens, i + 3, "(", "global") && i + 5 < tokens.Count)
            {
                wanted = tokens[i + 2] == Export ? tokens[i + 5] : wanted;
                // Pass the reference by, which looks like a definition.
                i += 5;
            }
        }

        return wanted is null ? null
            : wanted.StartsWith('$') ? globals.Find(g => g.Id == wanted).Value
            : int.TryParse(wanted, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < globals.Count ? globals[index].Value : null;
    }

    /// <summary>Passes the <c>(export "…")</c> and <c>(import …)</c> that may follow a name; tells whether one of them exports the port.</summary>
    private static bool SkipInline(List<string> tokens, ref int at)
    {
        var found = false;
        while (at + 1 < tokens.Count && tokens[at] == "(" && tokens[at + 1] is "export" or "import" && at + 1 < tokens.Count)
        {
            found |= Matches(tokens, at + 1, "export", Export);
            while (at < tokens.Count && tokens[at] != ")")
            {
                at++;
            }

            at++;
        }

        return found;
    }

    /// <summary>An immutable <c>i32 (i32.const N)</c>.</summary>
    private static long? Constant(List<string> tokens, int at) =>
        Matches(tokens, at, "i32", "(", "i32.const") && at + 3 < tokens.Count ? Number(tokens[at + 3])
        : Matches(tokens, at, "i32", "i32.const") && at + 2 < tokens.Count ? Number(tokens[at + 2]) : null;

    private static long? Number(string token)
    {
        var digits = token.Replace("_", "", StringComparison.Ordinal).TrimStart('+');
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? hex : null
            : long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static bool Matches(List<string> tokens, int at, params ReadOnlySpan<string> expected)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (at + i >= tokens.Count || tokens[at + i] != expected[i])
            {
                return false;
            }
        }

        return true;
    }
}

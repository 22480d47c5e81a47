using System.Text.RegularExpressions;

namespace Harmony.Kubernetes.Objects;

public sealed partial class LabelSelector
{
    /// <summary>From the query form: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,l&gt;1</c>. Empty text chooses everything.</summary>
    /// <exception cref="FormatException">With the API server's own words.</exception>
    public static LabelSelector Parse(string? text) => string.IsNullOrWhiteSpace(text) ? Everything : new Parser(text).Parse();

    /// <summary>Source of the grammar and of the words: https://github.com/kubernetes/apimachinery/blob/master/pkg/labels/selector.go.</summary>
    private sealed partial class Parser
    {
        private readonly List<(TokenKind Kind, string Text)> tokens = [];
        private int position;

        public Parser(string text)
        {
            Scan(text);
            tokens.Add((TokenKind.End, ""));
        }

        private enum TokenKind
        {
            End,
            Word,
            Symbol,
            Error,
        }

        private (TokenKind Kind, string Text) Next => tokens[position];

        public LabelSelector Parse()
        {
            var selector = new LabelSelector();
            while (Next.Kind != TokenKind.End)
            {
                if (!AtWordOrNot())
                {
                    throw new FormatException($"found '{Next.Text}', expected: !, identifier, or 'end of string'");
                }

                try
                {
                    selector.requirements.Add(ParseRequirement());
                }
                catch (FormatException e)
                {
                    throw new FormatException($"unable to parse requirement: {e.Message}", e);
                }

                if (Next.Kind == TokenKind.End)
                {
                    break;
                }

                if (!Take(","))
                {
                    throw new FormatException($"found '{Next.Text}', expected: ',' or 'end of string'");
                }

                if (!AtWordOrNot())
                {
                    throw new FormatException($"found '{Next.Text}', expected: identifier after ','");
                }
            }

            return selector;
        }

        private Requirement ParseRequirement()
        {
            var absent = Take("!");
            var key = Word("identifier");
            CheckKey(key);
            if (absent || Next.Kind == TokenKind.End || At(","))
            {
                return new(key, absent ? Operator.DoesNotExist : Operator.Exists, []);
            }

            var (kind, text) = Next;
            position += kind == TokenKind.End ? 0 : 1;
            switch (text)
            {
                case "in":
                    return new(key, Operator.In, CheckValues(key, ParseSet()));
                case "notin":
                    return new(key, Operator.NotIn, CheckValues(key, ParseSet()));
                case "=" or "==":
                    return new(key, Operator.In, CheckValues(key, [ParseValue()]));
                case "!=":
                    return new(key, Operator.NotIn, CheckValues(key, [ParseValue()]));
                case ">" or "<":
                    var bound = ParseValue();
                    return long.TryParse(bound, out _)
                        ? new(key, text == ">" ? Operator.Gt : Operator.Lt, [bound])
                        : throw new FormatException($"values[0]: Invalid value: \"{bound}\": for 'Gt', 'Lt' operators, the value must be an integer");
                default:
                    throw new FormatException($"found '{text}', expected: in, notin, =, ==, !=, gt, lt");
            }
        }

        private string[] ParseSet()
        {
            if (!Take("("))
            {
                throw new FormatException($"found '{Next.Text}' expected: '('");
            }

            var values = new List<string>();
            while (true)
            {
                // Nothing between two commas, or beside a parenthesis, is the empty value.
                var value = Next.Kind == TokenKind.Word ? Word("identifier") : "";
                if (value.Length > 0 || values.Count > 0 || !At(")"))
                {
                    values.Add(value);
                }

                if (Take(")"))
                {
                    return [.. values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
                }

                if (!Take(","))
                {
                    throw new FormatException($"found '{Next.Text}', expected: ',' or ')'");
                }
            }
        }

        private string ParseValue() => Next.Kind == TokenKind.End || At(",") ? "" : Word("identifier");

        private string Word(string expected)
        {
            var (kind, text) = Next;
            if (kind != TokenKind.Word)
            {
                throw new FormatException($"found '{text}', expected: {expected}");
            }

            position++;
            return text;
        }

        private bool AtWordOrNot() => Next.Kind == TokenKind.Word || At("!");

        private bool At(string symbol) => Next.Kind == TokenKind.Symbol && Next.Text == symbol;

        private bool Take(string symbol)
        {
            var taken = At(symbol);
            position += taken ? 1 : 0;
            return taken;
        }

        private static void CheckKey(string key)
        {
            if (LabelSyntax.CheckName(key) is { } wrong)
            {
                throw new FormatException($"<nil>: Invalid value: \"{key}\": {wrong}");
            }
        }

        private static string[] CheckValues(string key, string[] values)
        {
            if (values.Length == 0)
            {
                throw new FormatException("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
            }

            for (var i = 0; i < values.Length; i++)
            {
                if (LabelSyntax.CheckValue(values[i]) is { } wrong)
                {
                    throw new FormatException($"values[{i}][{key}]: Invalid value: \"{values[i]}\": {wrong}");
                }
            }

            return values;
        }

        private void Scan(string text)
        {
            foreach (Match match in Tokens().Matches(text))
            {
                var kind = match.Groups["word"].Success ? TokenKind.Word : match.Groups["symbol"].Success ? TokenKind.Symbol : TokenKind.Error;
                tokens.Add((kind, kind == TokenKind.Error ? $"error expected: keyword found '{match.Value}'" : match.Value));
            }
        }

        [GeneratedRegex(@"(?<symbol>==|!=|[=!(),<>])|(?<word>[^\s=!(),<>]+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
        private static partial Regex Tokens();
    }
}

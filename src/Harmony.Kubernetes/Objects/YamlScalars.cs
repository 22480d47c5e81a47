using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// What a plain scalar means, as Kubernetes reads it: YAML 1.1 as sigs.k8s.io/yaml resolves it (yes and no are booleans, 0644 is octal, dates are
/// text). Source: https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go.
/// </summary>
internal static partial class YamlScalars
{
    private const string Prefix = "tag:yaml.org,2002:";

    /// <summary>The scalar's value: null, a boolean, a number, or text.</summary>
    /// <param name="value">The text as written.</param>
    /// <param name="tag">The explicit tag, long or short; null where there is none.</param>
    /// <exception cref="FormatException">The text does not fit its tag, or is a number that JSON has not.</exception>
    public static JsonNode? Resolve(string value, string? tag)
    {
        var kind = tag is null ? "" : tag.StartsWith(Prefix, StringComparison.Ordinal) ? tag[Prefix.Length..] : tag.TrimStart('!');
        switch (kind)
        {
            case "str" or "timestamp":
                return JsonValue.Create(value);
            case "binary":
                return JsonValue.Create(Encoding.UTF8.GetString(Convert.FromBase64String(value)));
            case "" when tag is null or "?":
            case "null" or "bool" or "int" or "float":
                break;
            default:
                return JsonValue.Create(value);
        }

        var node = ResolvePlain(value);
        var fits = kind switch
        {
            "null" => node is null,
            "bool" => node.AsBool() is not null,
            "int" => node is JsonValue i && (i.TryGetValue<long>(out _) || i.TryGetValue<ulong>(out _)),
            "float" => node is JsonValue f && f.GetValueKind() == System.Text.Json.JsonValueKind.Number,
            _ => true,
        };
        return fits ? node : throw new FormatException($"'{value}' is no {kind}");
    }

    /// <summary>Whether the text, written without quotes, would be read as this same text.</summary>
    public static bool StaysText(string value)
    {
        try
        {
            return value.Length > 0 && ResolvePlain(value).AsText() is not null;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static JsonNode? ResolvePlain(string value)
    {
        switch (value)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON":
                return JsonValue.Create(true);
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF":
                return JsonValue.Create(false);
            case ".nan" or ".NaN" or ".NAN" or ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF":
                throw new FormatException($"{value} is a number that JSON, and so Kubernetes, has not; put it in quotes where text is meant");
            default:
                return value[0] is (>= '0' and <= '9') or '+' or '-' or '.' ? ResolveNumber(value) : JsonValue.Create(value);
        }
    }

    private static JsonValue ResolveNumber(string value)
    {
        var plain = value.Replace("_", "", StringComparison.Ordinal);
        if (plain.Length <= 70 && Integer().Match(plain) is { Success: true } match && ParseInteger(match) is { } integer)
        {
            if (integer >= long.MinValue && integer <= long.MaxValue)
            {
                return JsonValue.Create((long)integer);
            }

            if (integer >= 0 && integer <= ulong.MaxValue)
            {
                return JsonValue.Create((ulong)integer);
            }
        }

        if (!Float().IsMatch(plain))
        {
            return JsonValue.Create(value);
        }

        var number = double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            return JsonValue.Create(value);
        }

        // Kubernetes' JSON writes a float without a fraction as an integer, so that `replicas: 1e1` is one.
        return number == Math.Floor(number) && Math.Abs(number) < 1e15 ? JsonValue.Create((long)number) : JsonValue.Create(number);
    }

    private static BigInteger? ParseInteger(Match match)
    {
        var digits = match.Groups["digits"].Value;
        var radix = match.Groups["base"].Value switch
        {
            "0x" or "0X" => 16,
            "0b" or "0B" => 2,
            "0o" or "0O" => 8,
            "0" => 8,
            _ => 10,
        };
        var number = BigInteger.Zero;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.ToLowerInvariant(c) - 'a' + 10;
            if (digit >= radix)
            {
                return null;
            }

            number = (number * radix) + digit;
        }

        return match.Groups["sign"].Value == "-" ? -number : number;
    }

    [GeneratedRegex(@"^(?<sign>[-+]?)(?<base>0[xXbBoO]|0(?=[0-9]))?(?<digits>[0-9a-fA-F]+)\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Float();
}

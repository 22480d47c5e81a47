using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>
/// An amount of a resource, such as <c>500m</c> or <c>1Gi</c>. Source:
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
/// </summary>
public readonly partial struct Quantity
{
    private static readonly string[] Binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] Decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    /// <summary>The value in billionths: what lies below is rounded up, as Kubernetes does.</summary>
    private readonly BigInteger nano;
    private readonly Notation notation;

    private Quantity(BigInteger nano, Notation notation) => (this.nano, this.notation) = (nano, notation);

    private enum Notation
    {
        DecimalSI,
        BinarySI,
        DecimalExponent,
    }

    public bool IsNegative => nano.Sign < 0;

    public bool IsZero => nano.IsZero;

    /// <summary>Whether the value has no fraction.</summary>
    public bool IsInteger => (nano % 1_000_000_000).IsZero;

    /// <summary>The value as a number; rounded where it is too long for one.</summary>
    public double Value => (double)nano / 1e9;

    /// <summary>Reads a quantity; false where the text is none.</summary>
    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (text is null || text.Length > 64 || Form().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var number = match.Groups["number"].Value;
        if (number is "." or "" || !match.Groups["number"].ValueSpan.ContainsAnyInRange('0', '9'))
        {
            return false;
        }

        var suffix = match.Groups["suffix"].Value;
        var dot = number.IndexOf('.', StringComparison.Ordinal);
        var decimals = dot < 0 ? 0 : number.Length - dot - 1;
        var mantissa = BigInteger.Parse(number.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1_000_000_000;
        var form = Notation.DecimalSI;
        var exponent = -decimals;
        if (match.Groups["exponent"].Success)
        {
            if (!int.TryParse(match.Groups["exponent"].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given) || Math.Abs(given) > 60)
            {
                return false;
            }

            exponent += given;
            form = Notation.DecimalExponent;
        }
        else if (suffix.EndsWith('i'))
        {
            mantissa *= BigInteger.Pow(1024, Array.IndexOf(Binary, suffix));
            form = Notation.BinarySI;
        }
        else
        {
            exponent += (Array.IndexOf(Decimal, suffix) - 3) * 3;
        }

        var value = exponent >= 0 ? mantissa * BigInteger.Pow(10, exponent) : DivideUp(mantissa, BigInteger.Pow(10, -exponent));
        quantity = new(match.Groups["sign"].Value == "-" ? -value : value, form);
        return true;
    }

    /// <summary>Below zero where this is less than <paramref name="other"/>, above where it is more.</summary>
    public int CompareTo(Quantity other) => nano.CompareTo(other.nano);

    /// <summary>The canonical form: no fraction, the largest suffix that loses nothing.</summary>
    public override string ToString()
    {
        if (nano.IsZero)
        {
            return "0";
        }

        var whole = nano / 1_000_000_000;
        if (notation == Notation.BinarySI && BigInteger.Abs(whole) >= 1024)
        {
            // Binary quantities have no fraction: it is rounded up.
            whole = IsInteger ? whole : whole + nano.Sign;
            var power = 0;
            while (power < Binary.Length - 1 && (whole % 1024).IsZero)
            {
                whole /= 1024;
                power++;
            }

            return whole.ToString(CultureInfo.InvariantCulture) + Binary[power];
        }

        var value = nano;
        var thousands = 0;
        while (thousands < Decimal.Length - 1 && (value % 1000).IsZero)
        {
            value /= 1000;
            thousands++;
        }

        var digits = value.ToString(CultureInfo.InvariantCulture);
        return notation == Notation.DecimalExponent
            ? thousands == 3 ? digits : $"{digits}e{(thousands - 3) * 3}"
            : digits + Decimal[thousands];
    }

    private static BigInteger DivideUp(BigInteger value, BigInteger by)
    {
        var result = BigInteger.DivRem(value, by, out var rest);
        return rest.IsZero ? result : result + 1;
    }

    [GeneratedRegex(@"^(?<sign>[+-]?)(?<number>\d*\.?\d*)(?:(?<suffix>Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|)|[eE](?<exponent>[+-]?\d+))$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}

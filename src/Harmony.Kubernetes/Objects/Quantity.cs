using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// An amount of a resource, as Kubernetes writes it: <c>100m</c>, <c>1.5Gi</c>, <c>1e3</c>. Exact down to a nano, bounded by 2⁶³-1.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
/// </summary>
public readonly partial struct Quantity : IComparable<Quantity>, IEquatable<Quantity>
{
    private const string Shape = @"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
    private static readonly BigInteger Nano = 1_000_000_000;
    private static readonly BigInteger Max = long.MaxValue * Nano;
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    private readonly BigInteger nanos;
    private readonly Format format;

    private Quantity(BigInteger nanos, Format format)
    {
        this.nanos = nanos;
        this.format = format;
    }

    private enum Format
    {
        DecimalSI,
        BinarySI,
        DecimalExponent,
    }

    public static Quantity Zero => default;

    /// <summary>The whole units, rounded up (away from zero).</summary>
    public long Value => (long)RoundUp(Nano);

    /// <summary>The thousandths, rounded up: what a CPU limit counts in.</summary>
    public long MilliValue => (long)BigInteger.Min(RoundUp(Nano / 1000), long.MaxValue);

    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);

    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);

    public static bool operator <(Quantity left, Quantity right) => left.nanos < right.nanos;

    public static bool operator >(Quantity left, Quantity right) => left.nanos > right.nanos;

    public static bool operator <=(Quantity left, Quantity right) => left.nanos <= right.nanos;

    public static bool operator >=(Quantity left, Quantity right) => left.nanos >= right.nanos;

    /// <summary>The sum, written in the left one's format unless that is zero.</summary>
    public static Quantity operator +(Quantity left, Quantity right) => new(left.nanos + right.nanos, left.nanos.IsZero ? right.format : left.format);

    public static Quantity operator -(Quantity left, Quantity right) => new(left.nanos - right.nanos, left.nanos.IsZero ? right.format : left.format);

    /// <summary>Whole units, written with decimal suffixes.</summary>
    public static Quantity Of(long units) => new(units * Nano, Format.DecimalSI);

    /// <summary>Bytes, written with binary suffixes.</summary>
    public static Quantity OfBytes(long bytes) => new(bytes * Nano, Format.BinarySI);

    /// <exception cref="FormatException">With the API server's own words.</exception>
    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException(text.Length == 0 ? "quantities must not be empty" : $"quantities must match the regular expression '{Shape}'");

    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (text is null || text.Length > 64 || Pattern().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var whole = match.Groups["whole"].Value;
        var fraction = match.Groups["fraction"].Value;
        if (whole.Length + fraction.Length == 0 || !TryReadSuffix(match.Groups["suffix"].Value, out var scale10, out var scale2, out var format))
        {
            return false;
        }

        var unscaled = BigInteger.Parse("0" + whole + fraction, CultureInfo.InvariantCulture) << scale2;
        // In nanos: value · 10^(scale10 − digits after the point + 9).
        var exponent = scale10 - fraction.Length + 9;
        BigInteger amount;
        if (exponent >= 0)
        {
            amount = exponent > 60 && !unscaled.IsZero ? Max : unscaled * BigInteger.Pow(10, Math.Min(exponent, 60));
        }
        else
        {
            var divisor = BigInteger.Pow(10, Math.Min(-exponent, 400));
            amount = BigInteger.DivRem(unscaled, divisor, out var rest) + (rest.IsZero ? 0 : 1);
        }

        amount = BigInteger.Min(amount, Max);
        quantity = new(match.Groups["sign"].Value == "-" ? -amount : amount, format);
        return true;
    }

    /// <summary>The exact amount: the bound of 2⁶³-1 leaves room for all nine digits after the point.</summary>
    public decimal ToDecimal() => (decimal)nanos / 1_000_000_000m;

    public int CompareTo(Quantity other) => nanos.CompareTo(other.nanos);

    /// <summary>Whether both are the same amount, however written.</summary>
    public bool Equals(Quantity other) => nanos == other.nanos;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => nanos.GetHashCode();

    /// <summary>The canonical form: no fraction, the largest suffix that allows it.</summary>
    public override string ToString()
    {
        if (nanos.IsZero)
        {
            return "0";
        }

        // Small or fractional amounts would lose precision in binary suffixes.
        var binary = format == Format.BinarySI && BigInteger.Abs(nanos) >= 1024 * Nano && (nanos % Nano).IsZero;
        return binary ? Binary() : Decimal();
    }

    private static bool TryReadSuffix(string suffix, out int scale10, out int scale2, out Format format)
    {
        (scale10, scale2, format) = (0, 0, Format.DecimalSI);
        if (suffix.Length == 0)
        {
            return true;
        }

        if (suffix.Length > 1 && suffix is ['e' or 'E', not 'i', ..])
        {
            format = Format.DecimalExponent;
            return suffix.Length <= 6 && int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out scale10);
        }

        var index = Array.IndexOf(BinarySuffixes, suffix);
        if (index > 0)
        {
            (scale2, format) = (index * 10, Format.BinarySI);
            return true;
        }

        index = Array.IndexOf(DecimalSuffixes, suffix);
        scale10 = (index - 3) * 3;
        return index >= 0;
    }

    private BigInteger RoundUp(BigInteger unit)
    {
        var quotient = BigInteger.DivRem(nanos, unit, out var rest);
        return rest.IsZero ? quotient : quotient + nanos.Sign;
    }

    private string Binary()
    {
        var (number, power) = (nanos / Nano, 0);
        while (power < BinarySuffixes.Length - 1 && (number % 1024).IsZero)
        {
            number /= 1024;
            power++;
        }

        return number.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[power];
    }

    private string Decimal()
    {
        var (number, power) = (nanos, 0);
        while (power < DecimalSuffixes.Length - 1 && (number % 1000).IsZero)
        {
            number /= 1000;
            power++;
        }

        var digits = number.ToString(CultureInfo.InvariantCulture);
        var exponent = (power - 3) * 3;
        return format == Format.DecimalExponent ? exponent == 0 ? digits : string.Create(CultureInfo.InvariantCulture, $"{digits}e{exponent}") : digits + DecimalSuffixes[power];
    }

    [GeneratedRegex(@"^(?<sign>[+-]?)(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?(?<suffix>[eE][-+]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

using CsCheck;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Objects;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0Gi", "0")]
    [InlineData("100m", "100m")]
    [InlineData("0.1", "100m")]
    [InlineData("1.5", "1500m")]
    [InlineData("1000", "1k")]
    [InlineData("1500", "1500")]
    [InlineData("1000m", "1")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1Gi", "1Gi")]
    [InlineData("1024Ki", "1Mi")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1.3Mi", "1363148800m")]
    [InlineData("1e3", "1e3")]
    [InlineData("12E6", "12e6")]
    [InlineData("5E", "5E")]
    [InlineData("2Ei", "2Ei")]
    [InlineData("1500e-3", "1500e-3")]
    [InlineData(".5", "500m")]
    [InlineData("+2.", "2")]
    [InlineData("-3k", "-3k")]
    [InlineData("1n", "1n")]
    [InlineData("0.1n", "1n")]
    [InlineData("1e100", "9223372036854775807")]
    public void It_prints_as_Kubernetes_prints(string text, string canonical) => Quantity.Parse(text).ToString().ShouldBe(canonical);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("1 Gi")]
    [InlineData("1gi")]
    [InlineData("Gi")]
    [InlineData("1GiB")]
    [InlineData("1e")]
    [InlineData("0x10")]
    [InlineData("1\n")]
    public void What_is_no_quantity_is_refused(string text) => Should.Throw<FormatException>(() => Quantity.Parse(text)).Message.ShouldStartWith("quantities must");

    [Fact]
    public void Amounts_compare_however_they_are_written()
    {
        (Quantity.Parse("1Gi") == Quantity.Parse("1073741824")).ShouldBeTrue();
        (Quantity.Parse("1G") < Quantity.Parse("1Gi")).ShouldBeTrue();
        Quantity.Parse("100m").Value.ShouldBe(1);
        Quantity.Parse("1.2345").MilliValue.ShouldBe(1235);
        (Quantity.Parse("100m") + Quantity.Parse("2")).ToString().ShouldBe("2100m");
        (Quantity.Zero + Quantity.OfBytes(2048)).ToString().ShouldBe("2Ki");
    }

    [Fact]
    public void The_canonical_form_is_the_same_amount_and_its_own_canonical_form() =>
        Gen.Select(Gen.Long[0, 1_000_000_000], Gen.OneOf(new[] { "n", "u", "m", "", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2" }.Select(s => Gen.Const(s)).ToArray())).Sample((number, suffix) =>
        {
            var quantity = Quantity.Parse(number + suffix);
            var again = Quantity.Parse(quantity.ToString());
            again.ShouldBe(quantity);
            again.ToString().ShouldBe(quantity.ToString());
        });
}

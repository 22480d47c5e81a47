using Harmony.Cli.Commands;

namespace Harmony.Cli.Tests.Commands;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("2d", 172800)]
    public void Durations_are_read_as_kubectl_and_compose_write_them(string text, double seconds) => Duration.Parse(text)!.Value.TotalSeconds.ShouldBe(seconds);

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("-5s")]
    [InlineData("5m3")]
    [InlineData("1e99")]
    [InlineData("99999999999h")]
    public void What_is_no_duration_is_refused(string text) => Duration.Parse(text).ShouldBeNull();
}

using Harmony.Embedded.Node.Pods;

namespace Harmony.Embedded.Tests.Node.Pods;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData(766, "766ms")]
    [InlineData(1500, "1.5s")]
    [InlineData(10_000, "10s")]
    [InlineData(80_000, "1m20s")]
    [InlineData(300_000, "5m0s")]
    [InlineData(3_600_000, "1h0m0s")]
    public void Durations_read_as_in_the_kubelets_messages(int milliseconds, string expected) =>
        GoDuration.Format(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(expected);
}

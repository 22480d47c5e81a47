namespace Harmony.Conformance.Tests.Golden;

public sealed class GoldenTests(GoldenReplay replay) : IClassFixture<GoldenReplay>
{
    [Fact]
    public void All_recorded_requests_are_replayed() => replay.Requests.ShouldBe(209);

    [Fact]
    public void Every_difference_from_kube_apiserver_is_listed_with_its_reason()
    {
        var known = KnownDifference.ReadAll();
        var unlisted = replay.Differences.Where(d => !known.Any(k => k.Covers(d))).ToList();
        unlisted.ShouldBeEmpty(string.Join('\n', unlisted.Take(20)));
    }

    [Fact]
    public void Every_listed_difference_is_still_one()
    {
        var stale = KnownDifference.ReadAll().Where(k => !replay.Differences.Any(k.Covers)).ToList();
        stale.ShouldBeEmpty();
    }

    [Fact]
    public void Every_listed_difference_has_a_reason() =>
        KnownDifference.ReadAll().ShouldAllBe(k => k.Reason.Length > 10);
}

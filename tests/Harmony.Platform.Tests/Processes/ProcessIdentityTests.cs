using Harmony.Platform.Processes;

namespace Harmony.Platform.Tests.Processes;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void This_process_is_alive_and_survives_being_written_down()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;

        ProcessIdentity.FromJson(self.ToJson()).ShouldBe(self);
        self.IsAlive.ShouldBeTrue();
        self.ResidentBytes!.Value.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_process_that_got_the_same_number_later_is_another()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;

        (self with { Started = self.Started - 1 }).IsAlive.ShouldBeFalse();
        (self with { Boot = "an earlier run of this machine" }).IsAlive.ShouldBeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"pid\":12")]
    [InlineData("{\"pid\":-1,\"started\":1,\"boot\":\"\"}")]
    [InlineData("{\"pid\":1,\"started\":\"1\"}")]
    public void A_damaged_note_names_no_process(string? json) =>
        Should.NotThrow(() => ProcessIdentity.FromJson(json)).ShouldBeNull();

    [Fact]
    public void A_name_with_brackets_and_spaces_does_not_shift_the_fields()
    {
        const string rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";

        ProcessIdentity.ParseStat($"42 (a) b (c) {rest}").ShouldBe(4711);
        ProcessIdentity.ParseStat("42 (zombie) Z" + rest[1..]).ShouldBeNull();
    }
}

using Harmony.Projects.Discovery;

namespace Harmony.Projects.Tests.Discovery;

public sealed class DnsLabelTests
{
    [Theory]
    [InlineData("My App", "my-app")]
    [InlineData("web", "web")]
    [InlineData("__x__y__", "x-y")]
    [InlineData("2048", "2048")]
    [InlineData("a.b_c", "a-b-c")]
    [InlineData("日本", "")]
    [InlineData("", "")]
    public void Any_text_has_a_nearest_label(string text, string label) => DnsLabel.From(text).ShouldBe(label);

    [Fact]
    public void A_label_is_cut_at_63_characters_and_never_ends_with_a_hyphen() =>
        DnsLabel.From(new string('a', 62) + " b").ShouldBe(new string('a', 62));

    [Theory]
    [InlineData("2048", "app-2048")]
    [InlineData("web", "web")]
    [InlineData("日本", "app")]
    public void A_Service_starts_with_a_letter(string text, string label) => DnsLabel.ForService(text).ShouldBe(label);

    [Theory]
    [InlineData("a", true)]
    [InlineData("a--b", true)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("A", false)]
    [InlineData("", false)]
    public void Only_labels_are_valid(string text, bool valid) => DnsLabel.IsValid(text).ShouldBe(valid);
}

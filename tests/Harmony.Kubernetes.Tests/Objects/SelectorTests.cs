using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Objects;

public sealed class SelectorTests
{
    private static readonly Dictionary<string, string> Web = new() { ["app"] = "web", ["tier"] = "front", ["in"] = "x", ["n"] = "5" };

    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app==web,tier!=back", true)]
    [InlineData("app in (web, api)", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("missing notin (web)", true)]
    [InlineData("missing!=x", true)]
    [InlineData("app,!missing", true)]
    [InlineData("!app", false)]
    [InlineData("app=", false)]
    [InlineData("in in (x)", true)]
    [InlineData("n>4,n<6", true)]
    [InlineData("n>5", false)]
    public void A_label_selector_chooses(string text, bool matches)
    {
        LabelSelector.Parse(text).Matches(Web).ShouldBe(matches);
        LabelSelector.Parse(LabelSelector.Parse(text).ToString()).Matches(Web).ShouldBe(matches);
    }

    [Theory]
    [InlineData("a===b", "unable to parse requirement: found '=', expected: identifier")]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("a=b,", "found '', expected: identifier after ','")]
    [InlineData(",a", "found ',', expected: !, identifier, or 'end of string'")]
    [InlineData("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [InlineData("a in (b", "unable to parse requirement: found '', expected: ',' or ')'")]
    [InlineData("a in ()", "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")]
    public void What_is_no_label_selector_is_refused_in_Kubernetes_words(string text, string message) =>
        Should.Throw<FormatException>(() => LabelSelector.Parse(text)).Message.ShouldBe(message);

    [Fact]
    public void A_key_or_value_that_no_label_can_have_is_refused()
    {
        Should.Throw<FormatException>(() => LabelSelector.Parse("-a=b")).Message.ShouldStartWith("unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist");
        Should.Throw<FormatException>(() => LabelSelector.Parse("a=b:c")).Message.ShouldStartWith("unable to parse requirement: values[0][a]: Invalid value: \"b:c\": a valid label must be");
    }

    [Theory]
    [InlineData("metadata.name=web", true)]
    [InlineData("metadata.name!=web", false)]
    [InlineData("spec.nodeName=,status.phase==Running", true)]
    [InlineData("spec.unschedulable=false", true)]
    [InlineData("spec.replicas=3", true)]
    [InlineData("", true)]
    [InlineData("metadata.name=we\\,b", false)]
    public void A_field_selector_chooses(string text, bool matches) =>
        FieldSelector.Parse(text).Matches(JsonNode.Parse("""{"metadata":{"name":"web"},"spec":{"replicas":3},"status":{"phase":"Running"}}""")!.AsObject()).ShouldBe(matches);

    [Fact]
    public void What_is_no_field_selector_is_refused() =>
        Should.Throw<FormatException>(() => FieldSelector.Parse("a=b,metadata.name")).Message.ShouldBe("invalid selector: 'a=b,metadata.name'; can't understand 'metadata.name'");
}

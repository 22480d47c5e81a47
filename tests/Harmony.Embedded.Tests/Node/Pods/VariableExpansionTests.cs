using Harmony.Embedded.Node.Pods;

namespace Harmony.Embedded.Tests.Node.Pods;

public sealed class VariableExpansionTests
{
    [Theory]
    [InlineData("$(A)", "one")]
    [InlineData("x$(A)y$(B)", "xoney")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$(MISSING)", "$(MISSING)")]
    [InlineData("$(A", "$(A")]
    [InlineData("$A and $", "$A and $")]
    [InlineData("$$$(A)", "$one")]
    public void Variables_are_replaced_as_Kubernetes_says(string text, string expected) =>
        VariableExpansion.Expand(text, n => n switch { "A" => "one", "B" => "", _ => null }).ShouldBe(expected);
}

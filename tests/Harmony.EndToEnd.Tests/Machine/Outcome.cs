using System.Text.Json.Nodes;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>What a run of a program came to.</summary>
internal sealed record Outcome(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as one JSON document.</summary>
    public JsonNode Json => JsonNode.Parse(Output) ?? throw new InvalidOperationException($"{this} printed null.");

    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Fails the test, with all that was said, where the program ended otherwise.</summary>
    public Outcome Ends(int exitCode)
    {
        ExitCode.ShouldBe(exitCode, ToString());
        return this;
    }

    public override string ToString() => $"{CommandLine} → {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}

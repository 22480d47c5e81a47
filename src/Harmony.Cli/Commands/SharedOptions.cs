using System.CommandLine;
using Harmony.Cli.Interaction;
using Harmony.Runtimes.Selection;

namespace Harmony.Cli.Commands;

/// <summary>Options that several commands have, the same everywhere.</summary>
internal static class SharedOptions
{
    public static Option<OutputFormat> Output { get; } = CreateOutput();

    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Answer every question with yes.", Recursive = true };

    public static Option<string?> Runtime() => new("--runtime") { Description = "The runtime to use, and no other (also HARMONY_RUNTIME)." };

    public static Option<string?> Context() => new("--context") { Description = "Use an existing cluster: this context of your kubeconfig." };

    public static Option<string?> Kubeconfig() => new("--kubeconfig") { Description = "The kubeconfig that --context is looked up in." };

    public static Option<string?> Project() => new("--project", "-p") { Description = "The project: its name, or the folder it was launched from." };

    public static Option<string?> Container() => new("--container", "-c") { Description = "The container, where a pod has several." };

    /// <summary>How to give the data; as text where that itself cannot be understood.</summary>
    public static OutputFormat FormatOf(ParseResult parsed) =>
        parsed.GetResult(Output)?.Errors.Any() == true ? OutputFormat.Text : parsed.GetValue(Output);

    public static RuntimeRequest Request(ParseResult parsed, Option<string?> runtime, Option<string?> context, Option<string?> kubeconfig) => new()
    {
        Named = parsed.GetValue(runtime) ?? (parsed.GetValue(context) is null ? Environment.GetEnvironmentVariable("HARMONY_RUNTIME") : null),
        Context = parsed.GetValue(context),
        Kubeconfig = parsed.GetValue(kubeconfig),
    };

    private static Option<OutputFormat> CreateOutput()
    {
        var output = new Option<OutputFormat>("--output", "-o")
        {
            Description = "How to give the data: text or json.",
            Recursive = true,
            DefaultValueFactory = _ => OutputFormat.Text,
        };
        output.AcceptOnlyFromAmong("text", "json");
        return output;
    }
}

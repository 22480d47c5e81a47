using System.Text.Json.Nodes;
using Harmony.Platform;
using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>Shows an error: what was being done, why it failed as a chain of causes, and what to do.</summary>
internal static class ErrorReport
{
    public static void Show(Terminal terminal, Exception error, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            terminal.WriteData(new JsonObject { ["error"] = ToJson(error) }.ToJsonString(JsonOutput.Options));
            return;
        }

        terminal.Talk.Write(new Markup("[red bold]error[/]: "));
        terminal.Say(IsForeseen(error) ? error.Message : $"{error.GetType().Name}: {error.Message}");
        for (var cause = error.InnerException; cause is not null; cause = cause.InnerException)
        {
            // Some libraries' exceptions repeat their cause's words.
            if (!error.Message.Contains(cause.Message, StringComparison.Ordinal))
            {
                terminal.Say($"  because: {cause.Message}");
            }
        }

        if (HintOf(error) is { Length: > 0 } hint)
        {
            terminal.Talk.Write(new Markup("[cyan bold]hint[/]: "));
            terminal.Say(hint);
        }
    }

    private static JsonObject ToJson(Exception error) => new()
    {
        ["code"] = (error as HarmonyException)?.CodeName ?? error.GetType().Name,
        ["message"] = error.Message,
        ["hint"] = HintOf(error),
        ["causes"] = new JsonArray([.. Causes(error).Select(c => JsonValue.Create(c.Message))]),
    };

    private static bool IsForeseen(Exception error) => error is HarmonyException or IOException or UnauthorizedAccessException;

    private static string? HintOf(Exception error) => error is HarmonyException known ? known.Hint
        : IsForeseen(error) ? null
        : "This is a fault of harmony itself. The same command may still go on; please report it with what you did.";

    private static IEnumerable<Exception> Causes(Exception error)
    {
        for (var cause = error.InnerException; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}

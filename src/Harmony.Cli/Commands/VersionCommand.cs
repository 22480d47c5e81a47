using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony version</c>.</summary>
internal static class VersionCommand
{
    /// <summary>The version, without the commit that the SDK appends.</summary>
    public static string Version { get; } =
        (typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];

    public static Command Create(Composition composition)
    {
        var command = new Command("version", "Print harmony's version and platform.");
        command.SetAction((parsed, _) =>
        {
            composition.Terminal.WriteData(parsed.GetValue(SharedOptions.Output) == OutputFormat.Json
                ? new JsonObject { ["harmony"] = Version, ["platform"] = RuntimeInformation.RuntimeIdentifier }.ToJsonString(JsonOutput.Options)
                : $"harmony {Version} ({RuntimeInformation.RuntimeIdentifier})");
            return Task.FromResult(0);
        });
        return command;
    }
}

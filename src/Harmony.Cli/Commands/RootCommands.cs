using System.CommandLine;
using System.CommandLine.Parsing;
using Harmony.Cli.Commands.Embedded;
using Harmony.Cli.Commands.Ports;
using Harmony.Cli.Commands.Runtime;

namespace Harmony.Cli.Commands;

/// <summary>The whole command line.</summary>
internal static class RootCommands
{
    public static RootCommand Create(Composition composition)
    {
        var root = new RootCommand("harmony launches projects: it installs what they need, runs them, and explains what keeps them from working.")
        {
            UpCommand.Create(composition),
            DownCommand.Create(composition),
            StatusCommand.Create(composition),
            LogsCommand.Create(composition),
            ExecCommand.Create(composition),
            OpenCommand.Create(composition),
            RenderCommand.Create(composition),
            RuntimeCommand.Create(composition),
            CompletionCommand.Create(composition),
            VersionCommand.Create(composition),
            EmbeddedCommand.Create(composition),
            PortsCommand.Create(composition),
        };
        root.Options.Add(SharedOptions.Output);
        root.Options.Add(SharedOptions.Yes);
        return root;
    }

    /// <summary>The names of the commands that were understood, each followed by a blank.</summary>
    public static IEnumerable<string> PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } result; at = at.Parent)
        {
            names.Push(result.Command.Name);
        }

        return names.Count == 0 ? [""] : [string.Join(' ', names) + " "];
    }
}

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
        RefuseUnknownOptions(root);
        return root;
    }

    /// <summary>A misspelt option is not the name of a project: <c>down --volume</c>. What is really called so can be written <c>./--volume</c>.</summary>
    private static void RefuseUnknownOptions(Command command)
    {
        // Whoever runs a command elsewhere gives that command's options.
        foreach (var argument in command.Arguments.Where(_ => command.Name != "exec"))
        {
            argument.Validators.Add(result =>
            {
                if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } token)
                {
                    result.AddError($"'{token.Value}' is no option of this command.");
                }
            });
        }

        foreach (var subcommand in command.Subcommands)
        {
            RefuseUnknownOptions(subcommand);
        }
    }

    /// <summary>The names of the commands that were understood, each followed by a blank.</summary>
    public static string PathOf(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } result; at = at.Parent)
        {
            names.Push(result.Command.Name);
        }

        return string.Concat(names.Select(n => $"{n} "));
    }
}

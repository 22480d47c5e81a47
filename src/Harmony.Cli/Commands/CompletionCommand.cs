using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony completion SHELL</c>: a script that completes harmony's words, by asking harmony itself (<c>[suggest]</c>).</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # harmony completion for bash: eval "$(harmony completion bash)"
        _harmony() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(harmony "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _harmony harmony
        """;

    private const string Zsh = """
        #compdef harmony
        # harmony completion for zsh: eval "$(harmony completion zsh)"
        _harmony() {
          local -a words_found
          words_found=("${(@f)$(harmony "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a words_found
          _files
        }
        compdef _harmony harmony
        """;

    private const string Fish = """
        # harmony completion for fish: harmony completion fish | source
        complete -c harmony -a '(harmony "[suggest:"(string length (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    private const string PowerShell = """
        # harmony completion for PowerShell: harmony completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName harmony -ScriptBlock {
          param($word, $line, $position)
          harmony "[suggest:$position]" "$line" 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    public static Command Create(Composition composition)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        var command = new Command("completion", "Print a script that completes harmony's words in your shell.") { shell };
        command.SetAction((parsed, _) =>
        {
            var name = parsed.GetValue(shell);
            var script = name switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish, _ => PowerShell };
            composition.Terminal.WriteData(parsed.GetValue(SharedOptions.Output) == OutputFormat.Json
                ? new JsonObject { ["shell"] = name, ["script"] = script }.ToJsonString(JsonOutput.Options)
                : script);
            return Task.FromResult(0);
        });
        return command;
    }
}

using Harmony.Cli.Commands;
using Harmony.Platform.Paths;

namespace Harmony.Cli.Tests.Commands;

public sealed class ParsingTests
{
    [Theory]
    [InlineData("up")]
    [InlineData("up . --name shop -n shop --runtime embedded --timeout 1h30m --no-wait --any-port --publish web:80 --publish 8080:web:80")]
    [InlineData("up shop --context prod --kubeconfig file -o json -y")]
    [InlineData("down shop --volumes --timeout 90")]
    [InlineData("status shop -o json")]
    [InlineData("logs web deployment/db -p shop -c main -f --since 5m --tail 0 --previous -t --no-prefix")]
    [InlineData("exec web -p shop -c main -i -T -- sh -c ls")]
    [InlineData("open web -p shop")]
    [InlineData("render shop --name shop -o json")]
    [InlineData("runtime list")]
    [InlineData("runtime status embedded")]
    [InlineData("runtime start")]
    [InlineData("runtime stop")]
    [InlineData("runtime kubeconfig --path")]
    [InlineData("completion zsh")]
    [InlineData("version")]
    public void Every_documented_word_is_understood(string line) => Parse(line).Errors.ShouldBeEmpty();

    [Fact]
    public void What_follows_two_hyphens_belongs_to_the_command_that_is_run() =>
        Parse("exec web -- ls -o /tmp --help").UnmatchedTokens.ShouldBeEmpty();

    private static System.CommandLine.ParseResult Parse(string line)
    {
        using var terminal = new CapturedTerminal();
        return RootCommands.Create(new Composition(terminal.Terminal, HarmonyPaths.Under("/nowhere"), TimeProvider.System)).Parse(line);
    }
}

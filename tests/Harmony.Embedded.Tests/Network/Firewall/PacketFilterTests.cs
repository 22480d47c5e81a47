using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Firewall;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network.Firewall;

public sealed class PacketFilterTests
{
    private readonly Instance instance = new("abc234");
    private readonly ClusterNetwork network = ClusterNetwork.Bridge(System.Net.IPNetwork.Parse("10.200.0.0/19"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_rules_live_in_a_table_of_their_own_and_leave_with_it()
    {
        await using var opened = await TestNetwork.OpenAsync();
        Assert.SkipUnless(File.Exists("/usr/sbin/nft"), "nft is not installed");
        var filter = new PacketFilter(opened.Instance, opened.Commands, NullLogger.Instance);

        await filter.ApplyAsync(opened.Cluster, Cancellation);
        await filter.ApplyAsync(opened.Cluster, Cancellation);

        var rules = await opened.Commands.RunAsync(Command.Of("nft", "list", "table", "inet", opened.Instance.Table), Cancellation);
        rules.Output.ShouldContain("masquerade");
        rules.Output.Split("masquerade").Length.ShouldBe(2);
        await filter.RemoveAsync(Cancellation);
        await filter.RemoveAsync(Cancellation);
        (await opened.Commands.RunAsync(Command.Of("nft", "list", "tables"), Cancellation)).Output.ShouldNotContain(opened.Instance.Table);
    }

    [Fact]
    public async Task Where_docker_drops_what_is_forwarded_the_bridge_is_let_through_and_only_our_rules_are_removed_again()
    {
        var commands = new FakeFirewall("-P INPUT ACCEPT", "-P FORWARD DROP", "-P OUTPUT ACCEPT", "-N DOCKER-USER", "-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -i docker0 -j ACCEPT");

        await new PacketFilter(instance, commands, NullLogger.Instance).ApplyAsync(network, Cancellation);

        var restored = commands.Inputs("iptables-restore").ShouldHaveSingleItem();
        restored.ShouldBe("*filter\n-I DOCKER-USER -i hmyabc234 -j ACCEPT\n-I DOCKER-USER -o hmyabc234 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n");

        var after = new FakeFirewall("-P FORWARD DROP", "-A DOCKER-USER -i docker0 -j ACCEPT", "-A DOCKER-USER -i hmyabc234 -j ACCEPT", "-A DOCKER-USER -i hmyabc2345 -j ACCEPT");
        await new PacketFilter(instance, after, NullLogger.Instance).RemoveAsync(Cancellation);

        after.Inputs("iptables-restore")[0].ShouldBe("*filter\n-D DOCKER-USER -i hmyabc234 -j ACCEPT\nCOMMIT\n");
    }

    [Fact]
    public async Task Where_nobody_drops_anything_the_shared_chains_are_left_alone()
    {
        var commands = new FakeFirewall("-P INPUT ACCEPT", "-P FORWARD ACCEPT", "-P OUTPUT ACCEPT");

        await new PacketFilter(instance, commands, NullLogger.Instance).ApplyAsync(network, Cancellation);

        commands.Inputs("iptables-restore").ShouldBeEmpty();
        commands.Inputs("nft").ShouldHaveSingleItem().ShouldContain("masquerade");
    }

    [Fact]
    public async Task Where_ufw_guards_what_comes_in_pods_still_reach_the_node()
    {
        var commands = new FakeFirewall("-P INPUT DROP", "-P FORWARD ACCEPT", "-P OUTPUT ACCEPT", "-A INPUT -j ufw-before-input");

        await new PacketFilter(instance, commands, NullLogger.Instance).ApplyAsync(network, Cancellation);

        commands.Inputs("iptables-restore").ShouldHaveSingleItem().ShouldBe("*filter\n-I INPUT -i hmyabc234 -j ACCEPT\nCOMMIT\n");
    }

    [Fact]
    public async Task Without_nft_iptables_masquerades()
    {
        var commands = new FakeFirewall("-P INPUT ACCEPT", "-P FORWARD ACCEPT") { Missing = "nft" };

        await new PacketFilter(instance, commands, NullLogger.Instance).ApplyAsync(network, Cancellation);

        commands.Inputs("iptables-restore").ShouldHaveSingleItem().ShouldBe("*nat\n-A POSTROUTING -s 10.200.0.0/20 ! -o hmyabc234 -j MASQUERADE\nCOMMIT\n");
    }

    [Fact]
    public async Task A_rule_that_cannot_be_set_is_one_warning_and_no_end()
    {
        var commands = new FakeFirewall() { Fails = true };
        var log = new Warnings();

        await new PacketFilter(instance, commands, log).ApplyAsync(network, Cancellation);

        log.Messages.ShouldHaveSingleItem().ShouldContain("no way to the internet");
    }

    private sealed class FakeFirewall(params string[] rules) : ICommandRunner
    {
        private readonly List<Command> started = [];

        public string? Missing { get; init; }

        public bool Fails { get; init; }

        public List<string> Inputs(string program) => [.. started.Where(c => c.Program == program).Select(c => c.Input ?? "")];

        public Task<CommandResult> TryRunAsync(Command command, CancellationToken cancellation)
        {
            started.Add(command);
            if (command.Program == Missing)
            {
                throw new ProcessException(ProcessError.NotFound, $"{command.Program} was not found");
            }

            return Task.FromResult(Fails ? new CommandResult(command, 1, "", "Operation not permitted")
                : new(command, 0, command.Program == "iptables" && command.Arguments.Contains("filter") ? string.Join('\n', rules) : "", ""));
        }

        public async Task<CommandResult> RunAsync(Command command, CancellationToken cancellation)
        {
            var result = await TryRunAsync(command, cancellation);
            return result.Succeeded ? result : throw new ProcessException(ProcessError.Failed, $"{command} failed: {result.Error}");
        }
    }

    private sealed class Warnings : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is LogLevel.Warning)
            {
                Messages.Add(formatter(state, exception));
            }
        }
    }
}

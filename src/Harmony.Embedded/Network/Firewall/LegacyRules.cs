using System.Text;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Network.Firewall;

/// <summary>
/// Rules in iptables' shared chains. An accept in a table of our own does not outweigh another table's drop, so where somebody (Docker, ufw) drops
/// what is forwarded or comes in, the bridge needs its rules there. All carry the bridge's name, by which they are found and removed again.
/// </summary>
internal sealed class LegacyRules(Instance instance, ICommandRunner commands)
{
    /// <summary>Lets packets of the bridge pass, where the chains would not.</summary>
    public async Task LetThroughAsync(CancellationToken cancellation)
    {
        if (await ReadAsync("filter", cancellation) is not { } rules || rules.Any(Ours))
        {
            return;
        }

        var script = new StringBuilder("*filter\n");
        var chain = rules.Contains("-N DOCKER-USER") ? "DOCKER-USER" : "FORWARD";
        if (IsGuarded(rules, "FORWARD"))
        {
            script.Append($"-I {chain} -i {instance.Bridge} -j ACCEPT\n");
            script.Append($"-I {chain} -o {instance.Bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
        }

        if (IsGuarded(rules, "INPUT"))
        {
            script.Append($"-I INPUT -i {instance.Bridge} -j ACCEPT\n");
        }

        if (script.Length > "*filter\n".Length)
        {
            await RestoreAsync(script, cancellation);
        }
    }

    /// <summary>The egress rule, for machines without nft.</summary>
    public async Task MasqueradeAsync(ClusterNetwork network, CancellationToken cancellation)
    {
        if (await ReadAsync("nat", cancellation) is { } rules && rules.Any(Ours))
        {
            return;
        }

        var script = new StringBuilder("*nat\n").Append($"-A POSTROUTING -s {network.PodRange} ! -o {instance.Bridge} -j MASQUERADE\n");
        await RestoreAsync(script, cancellation);
    }

    public async Task RemoveAsync(CancellationToken cancellation)
    {
        foreach (var table in (string[])["filter", "nat"])
        {
            if (await ReadAsync(table, cancellation) is { } rules && rules.Where(Ours).ToList() is { Count: > 0 } ours)
            {
                var script = new StringBuilder($"*{table}\n");
                foreach (var rule in ours)
                {
                    script.Append("-D").Append(rule.AsSpan(2)).Append('\n');
                }

                await RestoreAsync(script, cancellation);
            }
        }
    }

    private bool Ours(string rule) => rule.StartsWith("-A ", StringComparison.Ordinal) && rule.Split(' ').Contains(instance.Bridge);

    private static bool IsGuarded(IReadOnlyList<string> rules, string chain) =>
        !rules.Contains($"-P {chain} ACCEPT") || rules.Any(r => r.StartsWith($"-A {chain} ", StringComparison.Ordinal));

    /// <summary>The table's rules; null where there is no iptables, or it cannot read this kernel's tables.</summary>
    private async Task<IReadOnlyList<string>?> ReadAsync(string table, CancellationToken cancellation)
    {
        try
        {
            var result = await commands.TryRunAsync(Command.Of("iptables", "-w", "5", "-t", table, "-S"), cancellation);
            return result.Succeeded ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : null;
        }
        catch (ProcessException e) when (e.Code is ProcessError.NotFound)
        {
            return null;
        }
    }

    private Task RestoreAsync(StringBuilder script, CancellationToken cancellation) =>
        commands.RunAsync(Command.Of("iptables-restore", "-w", "5", "--noflush") with { Input = script.Append("COMMIT\n").ToString() }, cancellation);
}

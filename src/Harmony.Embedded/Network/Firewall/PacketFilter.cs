using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.Firewall;

/// <summary>
/// The firewall rules of one instance: pods reach the internet behind the machine's own address; from outside of the machine nobody reaches pods or
/// Services. They live in a table of their own, <c>inet harmony_…</c>; where iptables drops forwarded packets (Docker, ufw) or firewalld guards
/// interfaces, the bridge is let through there as well.
/// </summary>
internal sealed class PacketFilter(Instance instance, ICommandRunner commands, ILogger log)
{
    /// <summary>Sets the rules. What cannot be set is logged once, and pods go on without.</summary>
    public async Task ApplyAsync(ClusterNetwork network, CancellationToken cancellation)
    {
        var legacy = new LegacyRules(instance, commands);
        try
        {
            if (!await TryAsync(Command.Of("nft", "-f", "-") with { Input = Table(network) }, cancellation))
            {
                await legacy.MasqueradeAsync(network, cancellation);
            }
        }
        catch (ProcessException e)
        {
            log.LogWarning("Pods have no way to the internet, for no masquerade rule could be set (is nftables installed?): {Reason}", e.Message);
        }

        try
        {
            await legacy.LetThroughAsync(cancellation);
            await Firewalld("--add-interface", cancellation);
        }
        catch (ProcessException e)
        {
            log.LogWarning("The machine's firewall may keep pods from each other and from the internet: {Reason}", e.Message);
        }
    }

    /// <summary>Removes every rule of this instance, whoever set it.</summary>
    public async Task RemoveAsync(CancellationToken cancellation)
    {
        try
        {
            // Naming a table before deleting it makes it no error that there is none.
            await TryAsync(Command.Of("nft", "-f", "-") with { Input = $"table inet {instance.Table}\ndelete table inet {instance.Table}\n" }, cancellation);
            await new LegacyRules(instance, commands).RemoveAsync(cancellation);
            await Firewalld("--remove-interface", cancellation);
        }
        catch (ProcessException e)
        {
            log.LogWarning("Firewall rules of harmony may be left: {Reason}", e.Message);
        }
    }

    internal string Table(ClusterNetwork network) => $$"""
        table inet {{instance.Table}}
        delete table inet {{instance.Table}}
        table inet {{instance.Table}} {
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr {{network.PodRange}} oifname != { "lo", "{{instance.Bridge}}" } masquerade
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                oifname "{{instance.Bridge}}" iifname != "{{instance.Bridge}}" ct state new drop
            }
            chain input {
                type filter hook input priority filter; policy accept;
                ip daddr { {{network.PodRange}}, {{network.ServiceRange}} } iifname != { "lo", "{{instance.Bridge}}" } drop
            }
        }

        """;

    private async Task Firewalld(string change, CancellationToken cancellation)
    {
        if (Platform.Files.Disk.FileExists("/run/firewalld.pid"))
        {
            await TryAsync(Command.Of("firewall-cmd", "--quiet", "--zone=trusted", $"{change}={instance.Bridge}"), cancellation);
        }
    }

    private async Task<bool> TryAsync(Command command, CancellationToken cancellation)
    {
        try
        {
            await commands.RunAsync(command, cancellation);
            return true;
        }
        catch (ProcessException e) when (e.Code is ProcessError.NotFound)
        {
            return false;
        }
    }
}

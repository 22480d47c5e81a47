using Harmony.Platform.Privileges;

namespace Harmony.Embedded.Network.Linux;

/// <summary>What this process may do to the machine's network.</summary>
internal static class NetworkPrivileges
{
    /// <summary>Null where bridges and network namespaces may be made; else why not.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "this is not Linux";
        }

        var privileges = Privileges.Read();
        return !privileges.IsRoot ? "harmony does not run as root"
            : !privileges.Has(Capability.NetAdmin) ? "the capability CAP_NET_ADMIN is missing"
            : !privileges.Has(Capability.SysAdmin) ? "the capability CAP_SYS_ADMIN is missing"
            : null;
    }
}

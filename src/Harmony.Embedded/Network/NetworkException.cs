using System.Runtime.InteropServices;
using Harmony.Embedded.Native;
using Harmony.Platform;

namespace Harmony.Embedded.Network;

public enum NetworkError
{
    ToolMissing,
    NotPermitted,
    AddressTaken,
    RangeExhausted,
    Failed,
}

/// <summary>The machine's network could not be set up for pods.</summary>
public sealed class NetworkException(NetworkError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public NetworkError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => 3;

    /// <summary>The last system call's failure.</summary>
    /// <param name="doing">What was being done: <c>open a netlink socket</c>.</param>
    internal static NetworkException LastError(string doing) => Of(doing, Marshal.GetLastPInvokeError());

    internal static NetworkException Of(string doing, int errno) => new(
        errno is Libc.NotPermitted or Libc.AccessDenied ? NetworkError.NotPermitted : NetworkError.Failed,
        $"Could not {doing}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})",
        errno is Libc.NotPermitted or Libc.AccessDenied ? "Pod networking needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN." : null);
}

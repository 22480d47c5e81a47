using System.Runtime.InteropServices;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>Signals to processes by number.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;

    public static void Send(int process, int signal)
    {
        if (kill(process, signal) != 0)
        {
            throw new InvalidOperationException($"Process {process} could not be sent signal {signal}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>For a process that may have ended by itself.</summary>
    public static void TrySend(int process, int signal) => _ = kill(process, signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}

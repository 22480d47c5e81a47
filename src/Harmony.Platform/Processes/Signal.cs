using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Harmony.Platform.Processes;

/// <summary>Signals to processes that are not our children.</summary>
public static class Signal
{
    public const int Terminate = Libc.SigTerm;
    public const int Kill = Libc.SigKill;

    /// <summary>
    /// Sends the signal to this very process; false where it is gone. A kill reaches its whole process group, if it leads one; Windows knows only the kill.
    /// </summary>
    /// <exception cref="ProcessException">This user may not end that process.</exception>
    public static bool Send(ProcessIdentity process, int signal)
    {
        if (!process.IsAlive)
        {
            return false;
        }

        if (OperatingSystem.IsWindows())
        {
            return signal == Kill && KillOnWindows(process.Id);
        }

        var target = signal == Kill && Libc.GetProcessGroup(process.Id) == process.Id ? -process.Id : process.Id;
        if (Libc.Kill(target, signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Libc.NoSuchProcess
            ? false
            : throw new ProcessException(ProcessError.Failed, $"Process {process.Id} belongs to another user and cannot be ended.", "Run the same command as that user, or as root.");
    }

    private static bool KillOnWindows(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Win32Exception e)
        {
            throw new ProcessException(ProcessError.Failed, $"Process {id} cannot be ended.", "Run the same command as the user who started it.", e);
        }
    }
}

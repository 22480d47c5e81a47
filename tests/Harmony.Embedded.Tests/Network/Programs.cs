using System.Diagnostics;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Tests.Network;

/// <summary>Runs real programs: the machine's own nft and iptables.</summary>
internal sealed class Programs : ICommandRunner
{
    public List<Command> Started { get; } = [];

    public async Task<CommandResult> TryRunAsync(Command command, CancellationToken cancellation)
    {
        lock (Started)
        {
            Started.Add(command);
        }

        var start = new ProcessStartInfo(command.Program, command.Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ProcessException(ProcessError.NotFound, $"{command.Program} was not found", inner: e);
        }

        using (process)
        {
            await process.StandardInput.WriteAsync(command.Input ?? "");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new(command, process.ExitCode, await output, await error);
        }
    }

    public async Task<CommandResult> RunAsync(Command command, CancellationToken cancellation)
    {
        var result = await TryRunAsync(command, cancellation);
        return result.Succeeded ? result : throw new ProcessException(ProcessError.Failed, $"{command} failed: {result.Error}") { Result = result };
    }
}

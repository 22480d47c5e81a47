using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Harmony.Cli.Interaction;
using Harmony.Kubernetes;
using Harmony.Orchestration.Access;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony exec WORKLOAD -- COMMAND...</c>: runs a command in a workload's container, with its exit code.</summary>
internal static class ExecCommand
{
    public static Command Create(Composition composition)
    {
        var workload = new Argument<string>("WORKLOAD") { Description = "Where to run it: a workload's or pod's name, or KIND/NAME." };
        var words = new Argument<string[]>("COMMAND") { Description = "The command and its arguments.", Arity = ArgumentArity.OneOrMore };
        var project = SharedOptions.Project();
        var container = SharedOptions.Container();
        var input = new Option<bool>("--stdin", "-i") { Description = "Give the command what harmony itself is given as input; a terminal always is." };
        var noTerminal = new Option<bool>("--no-tty", "-T") { Description = "Give the command no terminal, even where there is one." };
        var command = new Command("exec", "Run a command in a workload's container.") { workload, words, project, container, input, noTerminal };
        command.SetAction(async (parsed, cancellation) =>
        {
            var record = composition.Locator.Find(parsed.GetValue(project));
            await using var api = composition.Connect(record);
            var pod = await new PodFinder(api).FindAsync(record.Namespace, parsed.GetValue(workload)!, cancellation);
            var tty = !parsed.GetValue(noTerminal) && SystemTerminal.IsInputTerminal && SystemTerminal.IsOutputTerminal;
            using var raw = tty ? RawTerminal.Enter() : null;
            return await api.ExecAsync(record.Namespace, pod, new ExecOptions(parsed.GetValue(words)!)
            {
                Container = parsed.GetValue(container),
                Tty = tty,
                // Not unasked: a command in a loop over lines of a file would eat the file.
                Input = tty || parsed.GetValue(input) ? SystemTerminal.OpenInput() : null,
                Output = SystemTerminal.OpenOutput(),
                Error = tty ? null : SystemTerminal.OpenError(),
                Resizes = tty ? SizesAsync(cancellation) : null,
            }, cancellation);
        });
        return command;
    }

    /// <summary>The terminal's size now, and whenever it changes.</summary>
    private static async IAsyncEnumerable<(ushort Columns, ushort Rows)> SizesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var signal = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changes.Writer.TryWrite(true));
        yield return SystemTerminal.Size;
        await foreach (var _ in changes.Reader.ReadAllAsync(cancellation))
        {
            yield return SystemTerminal.Size;
        }
    }
}

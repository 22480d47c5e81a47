using System.Text;
using System.Threading.Channels;
using Harmony.Embedded.Native;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Node.Containers;

public sealed partial class OciRuntime
{
    public async Task<int> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellation)
    {
        await AdoptAsync(cancellation);
        if (Find(containerId).Ended.IsCompleted)
        {
            throw new ContainerException(ContainerError.NotFound, $"container \"{containerId}\" is not running");
        }

        var program = await finder.FindAsync(cancellation);
        var command = Command.Of(program, "--root", state, "exec");
        if (request.Tty)
        {
            using var terminal = new PseudoTerminal();
            return await terminal.RunAsync(command.With("-t", containerId).With([.. request.Command]), request, cancellation);
        }

        // What the runtime itself says goes to the same stream as the program's errors; an exec that cannot start is 126 or 127 as in a shell.
        var said = new MemoryStream();
        var error = new TeeStream(request.Error, said, 4096);
        var code = await StreamedCommand.RunAsync(command.With(containerId).With([.. request.Command]), request.Input, request.Output, error, cancellation);
        return ExitCodeOf(code, Encoding.UTF8.GetString(said.ToArray()));
    }

    public async Task AttachAsync(string containerId, ExecRequest request, CancellationToken cancellation)
    {
        await AdoptAsync(cancellation);
        var process = Find(containerId);
        var output = Channel.CreateUnbounded<(bool IsError, byte[] Data)>(new() { SingleReader = true });
        using var registration = process.Listen((isError, data) => output.Writer.TryWrite((isError, data)));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var input = request.Input is { } stream ? FeedAsync(FolderOf(containerId).Input, stream, over.Token) : Task.CompletedTask;
        _ = process.Ended.ContinueWith(_ => output.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await foreach (var (isError, data) in output.Reader.ReadAllAsync(cancellation))
        {
            if ((isError ? request.Error : request.Output) is { } destination)
            {
                await destination.WriteAsync(data, cancellation);
                await destination.FlushAsync(cancellation);
            }
        }

        await over.CancelAsync();
        try
        {
            await input;
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static int ExitCodeOf(int code, string said) => code switch
    {
        // runc says 1 or 255 where the program could not be started at all.
        1 or 255 when said.Contains("exec failed", StringComparison.Ordinal) && said.Contains("permission denied", StringComparison.Ordinal) => 126,
        1 or 255 when said.Contains("exec failed", StringComparison.Ordinal) => 127,
        _ => code,
    };

    private static async Task FeedAsync(string pipe, Stream input, CancellationToken cancellation)
    {
        var descriptor = Libc.Open(pipe, Libc.WriteOnly | Libc.NonBlocking | Libc.CloseOnExec);
        if (descriptor < 0)
        {
            // The container has no standard input (stdin: false): what the client types goes nowhere.
            return;
        }

        try
        {
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = await input.ReadAsync(buffer, cancellation)) > 0)
            {
                var rest = buffer.AsMemory(0, read);
                while (rest.Length > 0)
                {
                    var written = Write(descriptor, rest.Span);
                    if (written < 0)
                    {
                        await Task.Delay(20, cancellation);
                        continue;
                    }

                    rest = rest[written..];
                }
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    private static unsafe int Write(int descriptor, ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            return (int)Libc.Write(descriptor, bytes, (nuint)data.Length);
        }
    }
}

using System.Text;
using Harmony.Embedded.Native;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Node.Containers;

/// <summary>A terminal for one exec session: the program has its end as controlling terminal, the client's streams are copied to and from ours.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private readonly int master;
    private readonly Lock gate = new();
    private volatile bool closed;
    private readonly string name;

    public unsafe PseudoTerminal()
    {
        master = Libc.OpenTerminal(Libc.ReadWrite | Libc.NoControllingTerminal | Libc.CloseOnExec);
        if (master < 0 || Libc.GrantTerminal(master) != 0 || Libc.UnlockTerminal(master) != 0)
        {
            throw new ContainerException(ContainerError.RunContainerError, $"opening a terminal: {Libc.LastError}");
        }

        var buffer = stackalloc byte[128];
        if (Libc.TerminalName(master, buffer, 128) != 0)
        {
            throw new ContainerException(ContainerError.RunContainerError, $"naming a terminal: {Libc.LastError}");
        }

        name = Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
    }

    public async Task<int> RunAsync(Command command, ExecRequest request, CancellationToken cancellation)
    {
        var inSession = Command.Of("/bin/sh", "-c", "exec setsid -c \"$@\" <>\"$0\" >&0 2>&1", name, command.Program).With([.. command.Arguments]);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // Our own hold on the program's end: without it reading would fail until the program has opened it.
        var slave = Libc.Open(name, Libc.ReadWrite | Libc.NoControllingTerminal | Libc.CloseOnExec);
        var copied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => CopyOut(request.Output, copied)) { IsBackground = true, Name = "exec-terminal" }.Start();
        var input = request.Input is { } stream ? CopyInAsync(stream, over.Token) : Task.CompletedTask;
        var resizes = request.Resizes is { } sizes ? ResizeAsync(sizes, over.Token) : Task.CompletedTask;
        try
        {
            return await StreamedCommand.RunAsync(inSession, null, null, null, cancellation);
        }
        finally
        {
            _ = Libc.Close(slave);
            await Task.WhenAny(copied.Task, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
            await over.CancelAsync();
            await Task.WhenAny(Task.WhenAll(input, resizes), Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (!closed)
            {
                closed = true;
                _ = Libc.Close(master);
            }
        }
    }

    private unsafe void CopyOut(Stream? output, TaskCompletionSource done)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            // Once it is closed, the number may be somebody else's.
            while (!closed)
            {
                int read;
                fixed (byte* bytes = buffer)
                {
                    read = (int)Libc.Read(master, bytes, (nuint)buffer.Length);
                }

                // The end of a terminal is an error (EIO): nobody has the other end open any more.
                if (read <= 0)
                {
                    return;
                }

                output?.Write(buffer, 0, read);
                output?.Flush();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The client has left.
        }
        finally
        {
            done.TrySetResult();
        }
    }

    private async Task CopyInAsync(Stream input, CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        int read;
        while ((read = await input.ReadAsync(buffer, cancellation)) > 0)
        {
            Write(buffer.AsSpan(0, read));
        }
    }

    private unsafe void Write(ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            fixed (byte* bytes = data)
            {
                _ = closed ? 0 : Libc.Write(master, bytes, (nuint)data.Length);
            }
        }
    }

    private async Task ResizeAsync(IAsyncEnumerable<(ushort Columns, ushort Rows)> sizes, CancellationToken cancellation)
    {
        await foreach (var (columns, rows) in sizes.WithCancellation(cancellation))
        {
            Resize(columns, rows);
        }
    }

    private unsafe void Resize(ushort columns, ushort rows)
    {
        var size = new Libc.WindowSize { Columns = columns, Rows = rows };
        lock (gate)
        {
            _ = closed ? 0 : Libc.Control(master, Libc.SetWindowSize, &size);
        }
    }
}

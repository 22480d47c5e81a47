using System.Runtime.InteropServices;
using Harmony.Embedded.Native;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// Reads many pipes with one thread, which sleeps in poll(2) while nothing happens: containers' output costs nothing until there is some.
/// All callbacks come from that one thread, one after another.
/// </summary>
internal sealed unsafe class DescriptorPoller : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, Reader> readers = [];
    private readonly int wakeRead;
    private readonly int wakeWrite;
    private readonly byte[] buffer = new byte[64 * 1024];
    private Thread? thread;
    private bool stopped;

    public DescriptorPoller()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.CloseOnExec | Libc.NonBlocking) != 0)
        {
            throw new ContainerException(ContainerError.RunContainerError, $"making a pipe: {Libc.LastError}");
        }

        (wakeRead, wakeWrite) = (ends[0], ends[1]);
    }

    /// <summary>What comes out of a pipe, until nobody has it open for writing.</summary>
    public delegate void DataHandler(ReadOnlySpan<byte> data);

    /// <summary>Reads this non-blocking descriptor from now on, and owns it. <paramref name="onEnd"/> is called once, after the last data.</summary>
    public void Add(int descriptor, DataHandler onData, Action onEnd)
    {
        lock (gate)
        {
            readers[descriptor] = new(descriptor, onData, onEnd);
            if (thread is null)
            {
                thread = new Thread(Run) { IsBackground = true, Name = "container-output" };
                thread.Start();
            }
        }

        Wake();
    }

    /// <summary>Reads what is in the pipe now, then closes it without calling its end. Only from a callback.</summary>
    public void DrainAndRemove(int descriptor)
    {
        Reader? reader;
        lock (gate)
        {
            if (!readers.Remove(descriptor, out reader))
            {
                return;
            }
        }

        while (ReadOnce(reader) is ReadResult.Data)
        {
        }

        _ = Libc.Close(descriptor);
    }

    public void Dispose()
    {
        // A second close would hit whatever has the number by then.
        lock (gate)
        {
            if (stopped)
            {
                return;
            }

            stopped = true;
        }

        Wake();
        if (thread is { } running && running != Thread.CurrentThread)
        {
            running.Join(TimeSpan.FromSeconds(5));
        }

        foreach (var descriptor in readers.Keys.Append(wakeRead).Append(wakeWrite))
        {
            _ = Libc.Close(descriptor);
        }
    }

    private void Wake()
    {
        byte one = 1;
        _ = Libc.Write(wakeWrite, &one, 1);
    }

    private void Run()
    {
        var polls = new Libc.PollDescriptor[16];
        while (true)
        {
            var count = 0;
            lock (gate)
            {
                if (stopped)
                {
                    return;
                }

                if (polls.Length < readers.Count + 1)
                {
                    polls = new Libc.PollDescriptor[readers.Count * 2];
                }

                polls[count++] = new() { Descriptor = wakeRead, Events = Libc.PollIn };
                foreach (var descriptor in readers.Keys)
                {
                    polls[count++] = new() { Descriptor = descriptor, Events = Libc.PollIn };
                }
            }

            fixed (Libc.PollDescriptor* first = polls)
            {
                if (Libc.Poll(first, (nuint)count, -1) < 0 && Marshal.GetLastPInvokeError() != Libc.Interrupted)
                {
                    return;
                }
            }

            for (var i = 0; i < count; i++)
            {
                if (polls[i].Happened != 0)
                {
                    Handle(polls[i].Descriptor);
                }
            }
        }
    }

    private void Handle(int descriptor)
    {
        if (descriptor == wakeRead)
        {
            fixed (byte* bytes = buffer)
            {
                _ = Libc.Read(wakeRead, bytes, 4096);
            }

            return;
        }

        Reader? reader;
        lock (gate)
        {
            // A callback before this one may have removed it.
            if (!readers.TryGetValue(descriptor, out reader))
            {
                return;
            }
        }

        if (ReadOnce(reader) is ReadResult.End)
        {
            lock (gate)
            {
                readers.Remove(descriptor);
            }

            _ = Libc.Close(descriptor);
            Guard(reader.OnEnd);
        }
    }

    private ReadResult ReadOnce(Reader reader)
    {
        nint read;
        fixed (byte* bytes = buffer)
        {
            read = Libc.Read(reader.Descriptor, bytes, (nuint)buffer.Length);
        }

        if (read > 0)
        {
            var length = (int)read;
            Guard(() => reader.OnData(buffer.AsSpan(0, length)));
            return ReadResult.Data;
        }

        return read < 0 && Marshal.GetLastPInvokeError() is Libc.TryAgain or Libc.Interrupted ? ReadResult.Nothing : ReadResult.End;
    }

    // A full disk under one container's log must not stop the output of all others.
    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (IOException)
        {
        }
        catch (UnauthorizedAccessException)
        {
        }
    }

    private enum ReadResult
    {
        Data,
        Nothing,
        End,
    }

    private sealed record Reader(int Descriptor, DataHandler OnData, Action OnEnd);
}

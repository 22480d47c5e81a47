using System.Buffers.Binary;
using System.Diagnostics;
using Wasmtime;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// WASI preview 1's waiting, taken over from Wasmtime: there a sleeping program cannot be woken, so that a pod could not be ended before its sleep is.
/// The layouts are those of <c>wasi_snapshot_preview1.witx</c>: a subscription of 48 bytes, an event of 32.
/// </summary>
internal static class WasiClock
{
    private const string Interface = "wasi_snapshot_preview1";
    private const int Success = 0;
    private const int Invalid = 28;
    private const int Interrupted = 27;
    private const int SubscriptionSize = 48;
    private const int EventSize = 32;

    // More than any program has; a bound on what one call may cost.
    private const int MostSubscriptions = 4096;

    public static Linker AddTo(Linker linker)
    {
        linker.DefineWasi();
        linker.AllowShadowing = true;
        linker.DefineFunction(Interface, "clock_time_get", (Caller caller, int clock, long precision, int result) =>
        {
            if (clock is not (0 or 1) || caller.GetMemory("memory") is not { } memory)
            {
                return Invalid;
            }

            memory.WriteInt64(result, Now(caller, clock));
            return Success;
        });
        linker.DefineFunction(Interface, "poll_oneoff", (Caller caller, int subscriptions, int events, int count, int result) =>
            caller.GetMemory("memory") is { } memory && count is > 0 and <= MostSubscriptions
                ? Poll(caller, memory, (uint)subscriptions, (uint)events, count, (uint)result)
                : Invalid);
        return linker;
    }

    private static int Poll(Caller caller, Memory memory, long subscriptions, long events, int count, long result)
    {
        // GetSpan checks nothing beyond the memory's length, which bounds these too.
        if (subscriptions + ((long)count * SubscriptionSize) > memory.GetLength() || events + ((long)count * EventSize) > memory.GetLength())
        {
            return Invalid;
        }

        var asked = memory.GetSpan(subscriptions, count * SubscriptionSize).ToArray();
        var waits = new long[count];
        for (var i = 0; i < count; i++)
        {
            var subscription = asked.AsSpan(i * SubscriptionSize, SubscriptionSize);
            var clock = BinaryPrimitives.ReadInt32LittleEndian(subscription[16..]);
            if (subscription[8] == 0 && clock is not (0 or 1))
            {
                return Invalid;
            }

            // Files and the standard streams (the other kinds) never wait.
            waits[i] = subscription[8] == 0 ? Remaining(caller, subscription, clock) : 0;
        }

        var shortest = waits.Min();
        if (shortest > 0 && !Run(caller).Sleep(shortest))
        {
            return Interrupted;
        }

        var happened = Enumerable.Range(0, count).Where(i => waits[i] <= shortest).Select(i => Event(asked.AsSpan(i * SubscriptionSize, SubscriptionSize))).ToList();
        var written = memory.GetSpan(events, count * EventSize);
        for (var i = 0; i < happened.Count; i++)
        {
            happened[i].CopyTo(written[(i * EventSize)..]);
        }

        memory.WriteInt32(result, happened.Count);
        return Success;
    }

    private static byte[] Event(ReadOnlySpan<byte> subscription)
    {
        var happened = new byte[EventSize];
        subscription[..8].CopyTo(happened);
        happened[10] = subscription[8];
        if (subscription[8] != 0)
        {
            happened[16] = 1;
        }

        return happened;
    }

    private static long Remaining(Caller caller, ReadOnlySpan<byte> subscription, int clock)
    {
        var time = BinaryPrimitives.ReadUInt64LittleEndian(subscription[24..]);
        var bounded = (long)Math.Min(time, long.MaxValue);
        var absolute = (subscription[40] & 1) != 0;
        return absolute ? Math.Max(0, bounded - Now(caller, clock)) : bounded;
    }

    private static long Now(Caller caller, int clock) => clock == 0 ? Run(caller).Time.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks * 100 : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    private static WasiRun Run(Caller caller) => (WasiRun)caller.Store.GetData()!;
}

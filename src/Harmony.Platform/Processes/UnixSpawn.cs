using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Harmony.Platform.Processes;

/// <summary>
/// Starts a process with posix_spawn(3): in a new session, with default signal handling, its input empty and its output in a file. .NET's own
/// Process can do none of that.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static partial class UnixSpawn
{
    // Both structures are smaller than this with every C library.
    private const int StructureSize = 1024;

    private static readonly ConcurrentDictionary<int, bool> Children = new();
    private static readonly Lazy<PosixSignalRegistration> Reaper = new(() => PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Reap()));

    public static unsafe int Start(string program, Command command, string logFile)
    {
        // Somebody must collect them when they end before we do, or they stay as zombies.
        _ = Reaper.Value;
        var memory = new List<nint>();
        try
        {
            var actions = Zeroed(memory);
            var attributes = Zeroed(memory);
            Check(FileActionsInit(actions), program);
            Check(AttributesInit(attributes), program);
            Check(AddOpen(actions, 0, "/dev/null", Libc.ReadOnly, 0), program);
            Check(AddOpen(actions, 1, logFile, WriteAppendCreate, 0x180), program);
            Check(AddDup2(actions, 1, 2), program);
            Check(AddFolder(actions, "/"), program);
            CloseTheRest(actions);
            var every = Zeroed(memory);
            Check(FillSignals(every), program);
            Check(SetDefaultSignals(attributes, every), program);
            Check(SetSignalMask(attributes, Zeroed(memory)), program);
            Check(SetFlags(attributes, Flags), program);

            var arguments = Block(memory, command.Arguments.Prepend(program));
            var environment = Block(memory, Environment(command));
            var error = Spawn(out var id, program, actions, attributes, arguments, environment);
            _ = FileActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
            Check(error, program);
            Children[id] = true;
            Reap();
            return id;
        }
        finally
        {
            memory.ForEach(NativeMemoryFree);
        }
    }

    private static void Reap()
    {
        const int doNotWait = 1;
        foreach (var (id, _) in Children)
        {
            if (Libc.WaitPid(id, out _, doNotWait) != 0)
            {
                Children.TryRemove(id, out _);
            }
        }
    }

    private static IEnumerable<string> Environment(Command command)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            all[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        foreach (var (key, value) in command.Environment)
        {
            if (value is null)
            {
                all.Remove(key);
            }
            else
            {
                all[key] = value;
            }
        }

        return all.Select(pair => $"{pair.Key}={pair.Value}");
    }

    private static void Check(int error, string program)
    {
        if (error != 0)
        {
            throw new ProcessException(ProcessError.NotExecutable, $"'{program}' could not be started in the background.", "Check that the file is a program for this machine, and executable.", new Win32Exception(error));
        }
    }

    private static unsafe nint Zeroed(List<nint> memory)
    {
        var block = (nint)NativeMemory.AllocZeroed(StructureSize);
        memory.Add(block);
        return block;
    }

    private static unsafe nint Block(List<nint> memory, IEnumerable<string> texts)
    {
        var pointers = texts.Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        var block = (nint*)NativeMemory.AllocZeroed((nuint)(pointers.Length + 1), (nuint)sizeof(nint));
        pointers.CopyTo(new Span<nint>(block, pointers.Length));
        // On Unix both allocators are malloc, so one free serves all.
        memory.AddRange(pointers);
        memory.Add((nint)block);
        return (nint)block;
    }

    private static unsafe void NativeMemoryFree(nint block) => NativeMemory.Free((void*)block);
}

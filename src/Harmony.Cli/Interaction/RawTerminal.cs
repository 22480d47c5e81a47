using System.Runtime.InteropServices;

namespace Harmony.Cli.Interaction;

/// <summary>
/// Hands every key to the other side as it is pressed, for as long as it lives: no echo, no line editing, no signals. On Windows the console's own
/// line mode stays.
/// </summary>
internal sealed partial class RawTerminal : IDisposable
{
    // struct termios is 60 bytes with glibc, 72 on macOS.
    private const int TermiosSize = 256;
    private const int StandardInput = 0;
    private const int Now = 0;

    private readonly byte[]? before;

    private RawTerminal(byte[]? before) => this.before = before;

    public static RawTerminal Enter()
    {
        if (OperatingSystem.IsWindows() || !SystemTerminal.IsInputTerminal)
        {
            return new(null);
        }

        var settings = new byte[TermiosSize];
        if (GetAttributes(StandardInput, settings) != 0)
        {
            return new(null);
        }

        var former = (byte[])settings.Clone();
        MakeRaw(settings);
        _ = SetAttributes(StandardInput, Now, settings);
        return new(former);
    }

    public void Dispose()
    {
        if (before is not null)
        {
            _ = SetAttributes(StandardInput, Now, before);
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int GetAttributes(int descriptor, Span<byte> settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int SetAttributes(int descriptor, int when, ReadOnlySpan<byte> settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(Span<byte> settings);
}

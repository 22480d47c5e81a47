#pragma warning disable RS0030 // This file is the seam between harmony and the console.
using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>The terminal that harmony was started on.</summary>
public static class SystemTerminal
{
    /// <summary>Wide enough that a line of text in a pipe or a file is never broken.</summary>
    private const int EndlessWidth = 10_000;

    public static Terminal Open()
    {
        Console.OutputEncoding = System.Text.Encoding.UTF8;
        var colour = Environment.GetEnvironmentVariable("NO_COLOR") is null or "" && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new(
            OpenOutput(),
            Create(Console.Out, !Console.IsOutputRedirected, colour),
            Create(Console.Error, !Console.IsErrorRedirected, colour),
            !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb") && Environment.GetEnvironmentVariable("CI") is null or "")
        {
            CanAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        };
    }

    public static Stream OpenInput() => Console.OpenStandardInput();

    /// <summary>
    /// Standard output. .NET's own stream swallows that nobody reads any more, and <c>harmony logs -f | head</c> would never end: into a pipe harmony
    /// writes without it.
    /// </summary>
    public static Stream OpenOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
        {
            return Console.OpenStandardOutput();
        }

        const int standardOutput = 1;
        try
        {
            var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(standardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            // A file has a position of its own, which others may share.
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException or NotSupportedException)
        {
            return Console.OpenStandardOutput();
        }
    }

    public static Stream OpenError() => Console.OpenStandardError();

    public static bool IsInputTerminal => !Console.IsInputRedirected;

    public static bool IsOutputTerminal => !Console.IsOutputRedirected;

    public static (ushort Columns, ushort Rows) Size
    {
        get
        {
            try
            {
                return ((ushort)Console.WindowWidth, (ushort)Console.WindowHeight);
            }
            catch (IOException)
            {
                return (80, 24);
            }
        }
    }

    internal static IAnsiConsole Create(TextWriter writer, bool isTerminal, bool colour)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal && colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = EndlessWidth;
        }

        return console;
    }
}

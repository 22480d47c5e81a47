using System.Text.RegularExpressions;
using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>
/// The terminal, as commands see it: data goes to <see cref="Data"/> (stdout), all else to <see cref="Talk"/> (stderr). Colour and live display only
/// where there is a terminal; <c>NO_COLOR</c> is honoured.
/// </summary>
public sealed partial class Terminal
{
    private readonly Stream output;

    public Terminal(Stream output, IAnsiConsole data, IAnsiConsole talk, bool isLive)
    {
        this.output = output;
        Data = data;
        Talk = talk;
        IsLive = isLive;
    }

    /// <summary>Standard output.</summary>
    public IAnsiConsole Data { get; }

    /// <summary>Standard error.</summary>
    public IAnsiConsole Talk { get; }

    /// <summary>Whether a person watches standard error.</summary>
    public bool IsLive { get; }

    /// <summary>Whether a person can be asked.</summary>
    public bool CanAsk { get; init; }

    /// <summary>Writes a line of data as it is: no wrapping, no markup.</summary>
    public void WriteData(string line)
    {
        output.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        output.Flush();
    }

    /// <summary>Whether data may be coloured.</summary>
    public bool HasColour => Data.Profile.Capabilities is { Ansi: true, ColorSystem: not ColorSystem.NoColors };

    /// <summary>
    /// Says a line on standard error: never wrapped, so that paths and commands can be copied, and without control sequences, for evidence and log lines
    /// come from programs that nobody vouches for.
    /// </summary>
    public void Say(string line) => Talk.Profile.Out.Writer.Write(Control().Replace(line, "") + "\n");

    /// <summary>Shows the cursor again that a live display hides, for an end that comes before the display's own.</summary>
    public void ShowCursor()
    {
        if (IsLive)
        {
            Talk.Cursor.Show();
        }
    }

    /// <summary>Says a line with Spectre's markup; values in it must be escaped.</summary>
    public void SayMarkup(string markup) => Talk.MarkupLine(markup);

    /// <summary>ANSI's control sequences and single control characters, but for line feeds and tabs.</summary>
    [GeneratedRegex(@"\e\[[0-?]*[ -/]*[@-~]|\e\][^\a\e]*(\a|\e\\)?|[\x00-\x08\x0B-\x1F\x7F-\x9F]", RegexOptions.ExplicitCapture)]
    private static partial Regex Control();
}

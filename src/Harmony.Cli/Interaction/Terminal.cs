using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>
/// The terminal, as commands see it: data goes to <see cref="Data"/> (stdout), all else to <see cref="Talk"/> (stderr). Colour and live display only
/// where there is a terminal; <c>NO_COLOR</c> is honoured.
/// </summary>
public sealed class Terminal
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

    /// <summary>Says a line on standard error, as it is.</summary>
    public void Say(string line) => Talk.Write(new Text(line + "\n"));

    /// <summary>Says a line with Spectre's markup; values in it must be escaped.</summary>
    public void SayMarkup(string markup) => Talk.MarkupLine(markup);
}

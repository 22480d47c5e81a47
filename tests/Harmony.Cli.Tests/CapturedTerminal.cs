using System.Text;
using Harmony.Cli.Interaction;
using Spectre.Console.Testing;

namespace Harmony.Cli.Tests;

/// <summary>A terminal that remembers what it was told.</summary>
internal sealed class CapturedTerminal : IDisposable
{
    private readonly MemoryStream output = new();
    private readonly TestConsole data = new();
    private readonly TestConsole talk = new();

    public CapturedTerminal(int width = 80, int height = 24, bool colour = false)
    {
        talk.Profile.Width = data.Profile.Width = width;
        talk.Profile.Height = data.Profile.Height = height;
        if (colour)
        {
            data.Colors(Spectre.Console.ColorSystem.Standard);
        }

        data.Profile.Capabilities.Ansi = colour;
        Terminal = new(output, data, talk, isLive: false);
    }

    public Terminal Terminal { get; }

    /// <summary>What went to standard output as it is.</summary>
    public string Data => Encoding.UTF8.GetString(output.ToArray());

    /// <summary>What went to standard error.</summary>
    public string Talk => talk.Output;

    public void Dispose()
    {
        output.Dispose();
        data.Dispose();
        talk.Dispose();
    }
}

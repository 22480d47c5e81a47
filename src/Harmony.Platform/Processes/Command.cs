using System.Collections.Immutable;

namespace Harmony.Platform.Processes;

/// <summary>A program to run, with its arguments and surroundings. Immutable; <see cref="ToString"/> is a line to paste into a shell.</summary>
public sealed record Command(string Program, ImmutableArray<string> Arguments)
{
    /// <summary>Variables set on top of harmony's own environment; null removes one.</summary>
    public ImmutableDictionary<string, string?> Environment { get; init; } = ImmutableDictionary<string, string?>.Empty;

    public string? WorkingFolder { get; init; }

    /// <summary>Text for the program's standard input; empty input where null.</summary>
    public string? Input { get; init; }

    /// <summary>Told each line of output and of error as it comes, one at a time; null where nobody listens.</summary>
    public Action<string>? OnLine { get; init; }

    public static Command Of(string program, params ReadOnlySpan<string> arguments) => new(program, [.. arguments]);

    public Command With(params ReadOnlySpan<string> more) => this with { Arguments = [.. Arguments, .. more] };

    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(Quote));

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=@%+,".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

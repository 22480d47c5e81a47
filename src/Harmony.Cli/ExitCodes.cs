namespace Harmony.Cli;

/// <summary>Design §7. Every error type maps its codes to these; 0 is success.</summary>
internal static class ExitCodes
{
    /// <summary>The project does not work, or something that nobody foresaw went wrong.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int WrongUsage = 2;

    /// <summary>This machine cannot do it: no disk, no permission.</summary>
    public const int MachineCannot = 3;

    /// <summary>128 + SIGINT.</summary>
    public const int Interrupted = 130;
}

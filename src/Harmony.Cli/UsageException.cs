using Harmony.Platform;

namespace Harmony.Cli;

/// <summary>The command line cannot be understood.</summary>
internal sealed class UsageException(string message, string hint) : HarmonyException(message, hint, null)
{
    public override string CodeName => "WrongUsage";

    public override int ExitCode => ExitCodes.WrongUsage;
}

using System.CommandLine;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime …</c>: what executes workloads.</summary>
internal static class RuntimeCommand
{
    public static Command Create(Composition composition) => new("runtime", "See and steer what executes workloads.")
    {
        ListCommand.Create(composition),
        StatusCommand.Create(composition),
        StartCommand.Create(composition),
        StopCommand.Create(composition),
        KubeconfigCommand.Create(composition),
    };

    /// <summary>The runtime to act on; the embedded one where left out, for it is the only managed one of this version.</summary>
    public static Argument<string> Name() => new("RUNTIME") { Description = "Which runtime.", DefaultValueFactory = _ => "embedded" };
}

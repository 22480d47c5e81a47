using Harmony.EndToEnd.Tests.Images;
using Harmony.Platform.Processes;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>What a test needs of the machine; null where it is there, else why not.</summary>
internal static class Requirements
{
    public static string? Containers { get; } = DebianImage.Missing is { } images ? images
        : Programs.Find("runc") is null && Programs.Find("crun") is null ? "no OCI runtime is installed"
        : null;
}

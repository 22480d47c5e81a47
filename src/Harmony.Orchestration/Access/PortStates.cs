using System.Text.Json;
using Harmony.Orchestration.Deployment;
using Harmony.Platform.Files;
using Harmony.Platform.Paths;

namespace Harmony.Orchestration.Access;

/// <summary>What the port server says it serves: each port with an empty text, or with what keeps it from being served. In <c>{State}/ports.json</c>.</summary>
public static class PortStates
{
    public static string KeyOf(PublishedPort port) => $"{port.Address}:{port.LocalPort}={port.Namespace}/{port.Service}:{port.ServicePort}";

    public static IReadOnlyDictionary<string, string> Read(HarmonyPaths paths)
    {
        try
        {
            return Disk.ReadTextIfPresent(FileOf(paths)) is { } text ? JsonSerializer.Deserialize(text, RecordJson.Default.DictionaryStringString) ?? [] : [];
        }
        catch (JsonException)
        {
            return new Dictionary<string, string>(StringComparer.Ordinal);
        }
    }

    internal static void Write(HarmonyPaths paths, IEnumerable<(PublishedPort Port, string Fault)> ports)
    {
        var states = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (port, fault) in ports)
        {
            states[KeyOf(port)] = fault;
        }

        Disk.WriteAtomically(FileOf(paths), JsonSerializer.SerializeToUtf8Bytes(states, RecordJson.Default.DictionaryStringString));
    }

    internal static void Clear(HarmonyPaths paths) => Disk.DeleteFile(FileOf(paths));

    private static string FileOf(HarmonyPaths paths) => Path.Combine(paths.State, "ports.json");
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Harmony.Platform.Machine;

namespace Harmony.Platform.Processes;

/// <summary>
/// A process that cannot be mistaken for another that got its number later: the number, when it started, and in which run of the machine.
/// </summary>
/// <param name="Id">The process number.</param>
/// <param name="Started">Clock ticks since boot on Linux (<c>/proc/PID/stat</c> field 22), 100 ns ticks since year 1 elsewhere.</param>
/// <param name="Boot">Linux' boot id; empty elsewhere.</param>
public sealed record ProcessIdentity(int Id, long Started, string Boot)
{
    /// <summary>The process that has this number now; null where none has, or only a dead one that nobody has collected.</summary>
    public static ProcessIdentity? Of(int id) => ReadStart(id) is { } started ? new(id, started, MachineFacts.BootId) : null;

    /// <summary>Whether this very process still runs.</summary>
    public bool IsAlive => Boot == MachineFacts.BootId && ReadStart(Id) == Started;

    /// <summary>Memory that it has in RAM, in bytes; null where it is gone or not ours to look at.</summary>
    public long? ResidentBytes
    {
        get
        {
            if (!IsAlive)
            {
                return null;
            }

            try
            {
                using var process = Process.GetProcessById(Id);
                return process.WorkingSet64;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
            {
                return null;
            }
        }
    }

    public string ToJson()
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("pid", Id);
            writer.WriteNumber("started", Started);
            writer.WriteString("boot", Boot);
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote; null for anything else.</summary>
    public static ProcessIdentity? FromJson(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("pid", out var pid) && pid.TryGetInt32(out var id) && id > 0
                && root.TryGetProperty("started", out var start) && start.TryGetInt64(out var started)
                && root.TryGetProperty("boot", out var boot) && boot.ValueKind == JsonValueKind.String
                ? new(id, started, boot.GetString()!)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static long? ReadStart(int id)
    {
        if (id <= 0)
        {
            return null;
        }

        if (OperatingSystem.IsLinux())
        {
            try
            {
                return ParseStat(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat")));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        try
        {
            using var process = Process.GetProcessById(id);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().Ticks;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Field 22, or null for a process that is dead already. The name in field 2 may hold anything, so fields count from its last bracket.</summary>
    internal static long? ParseStat(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") && long.TryParse(fields[19], CultureInfo.InvariantCulture, out var ticks) ? ticks : null;
    }
}

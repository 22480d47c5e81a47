using System.Globalization;

namespace Harmony.Platform.Processes;

/// <summary>The program that listens on a TCP port of this machine.</summary>
public sealed record PortHolder(string Program, int ProcessId)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Program} (process {ProcessId})");

    /// <summary>Who listens on the port, on any address; null where nobody does, or where this user may not see it.</summary>
    public static async Task<PortHolder?> FindAsync(int port, ICommandRunner runner, CancellationToken cancellation)
    {
        if (OperatingSystem.IsLinux())
        {
            return FindOnLinux(port);
        }

        var command = OperatingSystem.IsWindows()
            ? Command.Of("netstat", "-ano", "-p", "TCP")
            : Command.Of("lsof", "-nP", $"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc");
        try
        {
            var result = await runner.TryRunAsync(command, cancellation);
            return OperatingSystem.IsWindows() ? ParseNetstat(result.Output, port) : ParseLsof(result.Output);
        }
        catch (ProcessException)
        {
            return null;
        }
    }

    /// <summary>A socket's number stands in <c>/proc/net/tcp</c>, and as a link in the <c>fd</c> folder of who has it. Source: proc(5).</summary>
    private static PortHolder? FindOnLinux(int port)
    {
        var sockets = new[] { "/proc/net/tcp", "/proc/net/tcp6" }
            .SelectMany(file => Sockets(Files.Disk.ReadTextIfPresent(file) ?? "", port))
            .Select(inode => $"socket:[{inode}]")
            .ToHashSet(StringComparer.Ordinal);
        if (sockets.Count == 0)
        {
            return null;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Holds(folder, sockets))
            {
                return new(Name(folder), id);
            }
        }

        return null;
    }

    internal static IEnumerable<string> Sockets(string table, int port)
    {
        const string listening = "0A";
        var local = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in table.Split('\n').Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[1].EndsWith(local, StringComparison.Ordinal) && fields[3] == listening)
            {
                yield return fields[9];
            }
        }
    }

    private static bool Holds(string processFolder, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(processFolder, "fd"))
                .Any(handle => Files.Disk.LinkTarget(handle) is { } target && sockets.Contains(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Name(string processFolder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processFolder, "comm")).Trim();
        }
        catch (IOException)
        {
            return "a program that just ended";
        }
    }

    /// <summary>Lines that start with <c>p</c> (process) and <c>c</c> (command).</summary>
    internal static PortHolder? ParseLsof(string output)
    {
        int? id = null;
        foreach (var line in output.Split('\n').Where(l => l.Length > 1))
        {
            if (line[0] == 'p' && int.TryParse(line.AsSpan(1), CultureInfo.InvariantCulture, out var number))
            {
                id = number;
            }
            else if (line[0] == 'c' && id is { } found)
            {
                return new(line[1..].Trim(), found);
            }
        }

        return null;
    }

    internal static PortHolder? ParseNetstat(string output, int port)
    {
        var local = string.Create(CultureInfo.InvariantCulture, $":{port}");
        foreach (var line in output.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (fields.Length > 4 && fields[0] == "TCP" && fields[1].EndsWith(local, StringComparison.Ordinal)
                && fields[2].EndsWith(":0", StringComparison.Ordinal) && int.TryParse(fields[4], CultureInfo.InvariantCulture, out var id))
            {
                return new(ProgramOf(id), id);
            }
        }

        return null;
    }

    private static string ProgramOf(int id)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return process.ProcessName;
        }
        catch (ArgumentException)
        {
            return "a program that just ended";
        }
    }
}

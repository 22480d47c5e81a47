using System.Text;

namespace Harmony.Platform.Files;

/// <summary>Where something is mounted, as this process sees it. Source: <c>/proc/self/mountinfo</c>, see proc(5); empty elsewhere than on Linux.</summary>
public sealed class MountTable
{
    private readonly List<string> points = [];

    /// <summary>The mount points, absolute and without links.</summary>
    public IReadOnlyList<string> Points => points;

    public static MountTable Read() =>
        OperatingSystem.IsLinux() && Disk.ReadTextIfPresent("/proc/self/mountinfo") is { } text ? Parse(text) : new();

    public static MountTable Parse(string mountinfo)
    {
        var table = new MountTable();
        foreach (var line in mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            if (fields.Length > 4)
            {
                table.points.Add(Unescape(fields[4]));
            }
        }

        return table;
    }

    /// <summary>The mount points at and below the folder.</summary>
    public IReadOnlySet<string> Below(string folder)
    {
        var real = Disk.RealPath(folder);
        var prefix = real.EndsWith('/') ? real : real + "/";
        return points.Where(p => p == real || p.StartsWith(prefix, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Space, tab, newline and backslash are written as a backslash and three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
        {
            return field;
        }

        var escaped = Encoding.UTF8.GetBytes(field);
        var bytes = new List<byte>(escaped.Length);
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '\\' && i + 3 < escaped.Length)
            {
                bytes.Add((byte)((escaped[i + 1] - '0') * 64 + (escaped[i + 2] - '0') * 8 + (escaped[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(escaped[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

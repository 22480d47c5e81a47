using System.Text;
using Harmony.Embedded.Native;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

/// <summary>The mounts of this machine beneath a folder of ours.</summary>
internal static class Mounts
{
    /// <summary>Mount points beneath the folder, innermost last.</summary>
    public static IReadOnlyList<string> Beneath(string folder)
    {
        var prefix = Path.GetFullPath(folder).TrimEnd('/') + "/";
        return [.. (Disk.ReadTextIfPresent("/proc/self/mountinfo") ?? "").Split('\n')
            .Select(l => l.Split(' '))
            .Where(f => f.Length > 5)
            .Select(f => Unescape(f[4]))
            .Where(p => p.StartsWith(prefix, StringComparison.Ordinal))];
    }

    /// <summary>Unmounts all of them, also busy ones (lazily).</summary>
    public static void UnmountBeneath(string folder)
    {
        foreach (var point in Beneath(folder).Reverse())
        {
            _ = Libc.Unmount(point, Libc.Detach);
        }
    }

    // Spaces and their like are written as \040.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}

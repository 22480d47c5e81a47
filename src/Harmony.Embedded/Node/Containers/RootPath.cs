using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Finds files inside a root filesystem as a process in it would, so that no link of a hostile image leads out of it.</summary>
internal static class RootPath
{
    private const int MostLinks = 40;

    /// <summary>The path on the host of a path inside the root; null where its links form a loop. The last parts need not exist.</summary>
    public static string? Resolve(string root, string path)
    {
        var pending = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var parts = new List<string>();
        var links = 0;
        while (pending.TryPop(out var part))
        {
            if (part == ".")
            {
                continue;
            }

            if (part == "..")
            {
                if (parts.Count > 0)
                {
                    parts.RemoveAt(parts.Count - 1);
                }

                continue;
            }

            var here = Path.Combine([root, .. parts, part]);
            if (Disk.LinkTarget(here) is not { } target)
            {
                parts.Add(part);
                continue;
            }

            if (++links > MostLinks)
            {
                return null;
            }

            if (target.StartsWith('/'))
            {
                parts.Clear();
            }

            foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                pending.Push(step);
            }
        }

        return Path.Combine([root, .. parts]);
    }
}

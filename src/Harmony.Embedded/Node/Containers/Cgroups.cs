using System.Globalization;
using Harmony.Embedded.Native;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Looks into and removes control groups, v1 (a tree a controller) and v2 (one tree). The OCI runtime makes them.</summary>
internal static class Cgroups
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>Whether the kernel has killed a process of this group for lack of memory.</summary>
    public static bool WasOutOfMemory(string group) =>
        Count($"{Root}/memory{group}/memory.oom_control") > 0 || Count($"{Root}{group}/memory.events") > 0;

    /// <summary>Every process in the group and the groups below it.</summary>
    public static IReadOnlySet<int> Processes(string group)
    {
        var found = new HashSet<int>();
        foreach (var folder in Folders(group))
        {
            Collect(folder, found);
        }

        return found;
    }

    /// <summary>Kills what still runs in the group.</summary>
    public static void Kill(string group)
    {
        foreach (var pid in Processes(group))
        {
            _ = Libc.Kill(pid, 9);
        }
    }

    /// <summary>Removes the group and those below it, as far as no process is left in them.</summary>
    public static bool Remove(string group)
    {
        var all = true;
        foreach (var folder in Folders(group))
        {
            all &= RemoveTree(folder);
        }

        return all;
    }

    /// <summary>Removes the group only where nothing is below it.</summary>
    public static void RemoveIfEmpty(string group)
    {
        foreach (var folder in Folders(group))
        {
            _ = Libc.RemoveFolder(folder);
        }
    }

    private static IEnumerable<string> Folders(string group)
    {
        if (Disk.FolderExists(Root + group))
        {
            yield return Root + group;
        }

        foreach (var controller in Disk.FolderExists(Root) ? Disk.Folders(Root) : [])
        {
            if (Disk.FolderExists(controller + group))
            {
                yield return controller + group;
            }
        }
    }

    private static void Collect(string folder, HashSet<int> found)
    {
        foreach (var line in Read(folder + "/cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 1)
            {
                found.Add(pid);
            }
        }

        foreach (var child in Disk.Folders(folder))
        {
            Collect(child, found);
        }
    }

    private static bool RemoveTree(string folder)
    {
        foreach (var child in Disk.Folders(folder).ToList())
        {
            RemoveTree(child);
        }

        return Libc.RemoveFolder(folder) == 0;
    }

    private static int Count(string file)
    {
        foreach (var line in Read(file).Split('\n'))
        {
            if (line.StartsWith("oom_kill ", StringComparison.Ordinal) && int.TryParse(line["oom_kill ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return count;
            }
        }

        return 0;
    }

    private static string Read(string file)
    {
        try
        {
            return Disk.ReadTextIfPresent(file) ?? "";
        }
        catch (IOException)
        {
            // A threaded or vanishing group cannot be read.
            return "";
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Harmony.Embedded.Native;
using Harmony.Embedded.Node.Containers;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>One file of a volume that is made from objects.</summary>
internal sealed record VolumeFile(byte[] Content, int Mode);

/// <summary>
/// Files that change all at once while programs read them: real files are in a time-stamped folder, <c>..data</c> links to it, and the visible names
/// link through <c>..data</c>, which one rename(2) swaps. Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go.
/// </summary>
internal static class AtomicFolder
{
    private const string Data = "..data";

    /// <summary>Makes the folder hold exactly these files; nothing happens where it does already.</summary>
    /// <param name="files">By relative path.</param>
    /// <param name="group">The group that owns them (fsGroup); null for our own.</param>
    /// <returns>Whether anything changed.</returns>
    public static bool Write(string folder, IReadOnlyDictionary<string, VolumeFile> files, long? group, TimeProvider time)
    {
        foreach (var path in files.Keys)
        {
            if (path.Length == 0 || path.StartsWith('/') || path.Split('/').Any(p => p is "" or "." or "..") || path.StartsWith("..", StringComparison.Ordinal))
            {
                throw new VolumeException($"invalid path \"{path}\": it must be relative and not contain '..'");
            }
        }

        Disk.CreateFolder(folder, (UnixFileMode)Convert.ToInt32("755", 8));
        var previous = Disk.LinkTarget(Path.Combine(folder, Data));
        if (previous is not null && IsSame(Path.Combine(folder, previous), files))
        {
            return false;
        }

        var stamped = string.Create(CultureInfo.InvariantCulture, $"..{time.GetUtcNow().UtcDateTime:yyyy_MM_dd_HH_mm_ss}.{RandomNumberGenerator.GetInt32(int.MaxValue)}");
        var root = Path.Combine(folder, stamped);
        Folder(root, group);
        foreach (var (path, file) in files)
        {
            var full = Path.Combine(root, path);
            foreach (var parent in Parents(path))
            {
                Folder(Path.Combine(root, parent), group);
            }

            Disk.WriteQuickly(full, file.Content);
            Own(full, group);
            _ = Libc.ChangeMode(full, (uint)(group is null ? file.Mode : file.Mode | 0x120));
        }

        var fresh = Path.Combine(folder, Data + "_tmp");
        Disk.DeleteFile(fresh);
        Disk.CreateLink(fresh, stamped);
        if (Libc.Rename(fresh, Path.Combine(folder, Data)) != 0)
        {
            throw new VolumeException($"renaming {fresh}: {Libc.LastError}");
        }

        Link(folder, files.Keys.Select(p => p.Split('/')[0]).ToHashSet(StringComparer.Ordinal));
        if (previous is not null)
        {
            Disk.DeleteTree(Path.Combine(folder, previous));
        }

        Own(folder, group);
        return true;
    }

    private static void Link(string folder, HashSet<string> names)
    {
        foreach (var entry in Disk.Entries(folder))
        {
            if (!entry.Name.StartsWith("..", StringComparison.Ordinal) && !names.Contains(entry.Name) && entry.IsLink)
            {
                Disk.DeleteFile(entry.Path);
            }
        }

        foreach (var name in names)
        {
            var link = Path.Combine(folder, name);
            if (Disk.LinkTarget(link) is null)
            {
                Disk.CreateLink(link, $"{Data}/{name}");
            }
        }
    }

    private static bool IsSame(string root, IReadOnlyDictionary<string, VolumeFile> files)
    {
        if (!Disk.FolderExists(root))
        {
            return false;
        }

        var there = Disk.Files(root, recursive: true).Select(f => Path.GetRelativePath(root, f)).ToHashSet(StringComparer.Ordinal);
        return there.SetEquals(files.Keys) && files.All(f => Disk.ReadBytes(Path.Combine(root, f.Key)).AsSpan().SequenceEqual(f.Value.Content));
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }

    private static void Folder(string path, long? group)
    {
        Disk.CreateFolder(path, (UnixFileMode)Convert.ToInt32("755", 8));
        _ = Libc.ChangeMode(path, 0x1ED);
        Own(path, group);
    }

    private static void Own(string path, long? group)
    {
        if (group is { } id)
        {
            _ = Libc.ChangeOwner(path, -1, (int)id);
        }
    }
}

namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>Where the symbolic link points, as written in it; null where the path is no link.</summary>
    public static string? LinkTarget(string path) => new FileInfo(path).LinkTarget;

    /// <summary>The path with every symbolic link of it resolved. Parts that do not exist stay as they are written.</summary>
    public static string RealPath(string path)
    {
        const int deepest = 40;
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (var hops = 0; hops < deepest; hops++)
        {
            var next = ResolveFirstLink(full);
            if (next is null)
            {
                return full;
            }

            full = next;
        }

        throw new IOException($"'{path}' goes through more than {deepest} symbolic links.");
    }

    /// <summary>Whether the path, with its links resolved, is the folder or lies below it.</summary>
    public static bool IsInside(string path, string folder)
    {
        var real = RealPath(path);
        var root = RealPath(folder);
        var comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return real.Equals(root, comparison)
            || real.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, comparison);
    }

    private static string? ResolveFirstLink(string full)
    {
        var root = Path.GetPathRoot(full)!;
        var parts = full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        var current = root;
        for (var i = 0; i < parts.Length; i++)
        {
            var parent = current;
            current = Path.Combine(current, parts[i]);
            if (LinkTarget(current) is { } target)
            {
                return Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine([parent, target, .. parts[(i + 1)..]])));
            }
        }

        return null;
    }
}

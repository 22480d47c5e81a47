namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>
    /// Deletes the folder and what is in it, following no link and entering no mount: what is mounted there belongs to somebody else. All that
    /// may go goes first. Nothing happens where there is no such folder.
    /// </summary>
    /// <exception cref="IOException">Something is mounted at or below the folder (it and its parents stay), or a file could not be removed.</exception>
    public static void DeleteTree(string path)
    {
        var info = new DirectoryInfo(path);
        if (info.LinkTarget is not null)
        {
            info.Delete();
            return;
        }

        if (!info.Exists)
        {
            return;
        }

        var removal = new Removal(MountTable.Read().Below(path));
        if (!removal.Remove(info.FullName, RealPath(path)))
        {
            throw new IOException(removal.Explain(path), removal.Cause);
        }
    }

    private sealed class Removal(IReadOnlySet<string> mounts)
    {
        private readonly List<string> kept = [];

        public Exception? Cause { get; private set; }

        public string Explain(string path) => kept.Count > 0
            ? $"'{path}' was not removed whole: something is mounted at {string.Join(", ", kept.Take(3).Select(m => $"'{m}'"))}."
            : $"'{path}' was not removed whole: {Cause?.Message}";

        /// <summary>Removes what may be removed; false where something had to stay.</summary>
        /// <param name="path">The folder as the caller wrote it.</param>
        /// <param name="real">The same folder without links: as the mount table knows it.</param>
        public bool Remove(string path, string real)
        {
            if (mounts.Contains(real))
            {
                kept.Add(real);
                return false;
            }

            var whole = true;
            foreach (var entry in List(path))
            {
                var realEntry = Path.Combine(real, entry.Name);
                whole &= entry is DirectoryInfo && entry.LinkTarget is null
                    ? Remove(Path.Combine(path, entry.Name), realEntry)
                    : RemoveFile(entry, realEntry);
            }

            return whole && Try(() => Directory.Delete(path));
        }

        private bool RemoveFile(FileSystemInfo entry, string real)
        {
            if (mounts.Contains(real))
            {
                kept.Add(real);
                return false;
            }

            return Try(() =>
            {
                if (OperatingSystem.IsWindows() && entry.Attributes.HasFlag(FileAttributes.ReadOnly))
                {
                    entry.Attributes &= ~FileAttributes.ReadOnly;
                }

                // A link to a folder that is gone already is no folder to .NET any more, and would stay.
                if (entry.LinkTarget is not null && !OperatingSystem.IsWindows())
                {
                    File.Delete(entry.FullName);
                    return;
                }

                entry.Delete();
            });
        }

        private FileSystemInfo[] List(string path)
        {
            var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };
            try
            {
                return new DirectoryInfo(path).GetFileSystemInfos("*", options);
            }
            catch (UnauthorizedAccessException) when (!OperatingSystem.IsWindows())
            {
                // A program may leave a folder of its own that it can no longer read or write: we own it, so it can be opened again.
                Try(() => SetMode(path, PrivateFolder));
                return new DirectoryInfo(path).GetFileSystemInfos("*", options);
            }
        }

        private bool Try(Action action)
        {
            try
            {
                action();
                return true;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Cause ??= e;
                return false;
            }
        }
    }
}

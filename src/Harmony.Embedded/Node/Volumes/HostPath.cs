using Harmony.Embedded.Native;
using Harmony.Embedded.Node.Containers;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>Checks a hostPath volume's path against its type, and makes it where the type says so.</summary>
internal static class HostPath
{
    private const uint FolderMode = 0x1ED;

    public static string Check(string path, string type)
    {
        switch (type)
        {
            case "":
                // No check; what is not there becomes a folder, as container runtimes do for a bind mount.
                if (!Disk.Exists(path))
                {
                    Create(path);
                }

                break;
            case "DirectoryOrCreate":
                if (!Disk.Exists(path))
                {
                    Create(path);
                }

                Require(Disk.FolderExists(path), $"{path} is not a directory");
                break;
            case "Directory":
                Require(Disk.FolderExists(path), $"{path} is not a directory");
                break;
            case "FileOrCreate":
                if (!Disk.Exists(path))
                {
                    Disk.WriteQuickly(path, "", Disk.Shared);
                }

                Require(Disk.IsOrdinaryFile(path), $"{path} is not a file");
                break;
            case "File":
                Require(Disk.IsOrdinaryFile(path), $"{path} is not a file");
                break;
            case "Socket":
                Require(Disk.Exists(path) && !Disk.FolderExists(path) && !Disk.IsOrdinaryFile(path), $"{path} is not a socket file");
                break;
            case "CharDevice":
                Require(Disk.Exists(path) && !Disk.FolderExists(path) && !Disk.IsOrdinaryFile(path), $"{path} is not a character device");
                break;
            case "BlockDevice":
                Require(Disk.Exists(path) && !Disk.FolderExists(path) && !Disk.IsOrdinaryFile(path), $"{path} is not a block device");
                break;
            default:
                throw new VolumeException($"{type} is an invalid volume type");
        }

        return path;
    }

    private static void Create(string path)
    {
        Disk.CreateFolder(path, Disk.Executable);
        _ = Libc.ChangeMode(path, FolderMode);
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new VolumeException("hostPath type check failed: " + message);
        }
    }
}

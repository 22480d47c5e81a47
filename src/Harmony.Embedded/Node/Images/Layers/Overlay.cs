using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Harmony.Embedded.Native;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>Mounts of the kernel's overlayfs: many read-only layers under one that is written to.</summary>
internal static class Overlay
{
    // One page, with its end.
    private const int LongestOptions = 4095;

    private const int NoSuchDevice = 19;
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;

    /// <param name="lower">Highest first.</param>
    /// <param name="folder">Gets the links that shorten the options, where they are needed.</param>
    public static void Mount(IReadOnlyList<string> lower, string upper, string work, string target, string folder)
    {
        var options = Options(lower, upper, work);
        if (options.Length <= LongestOptions && !lower.Append(upper).Append(work).Any(p => p.AsSpan().IndexOfAny(':', ',', '\\') >= 0))
        {
            Mount(options, target, upper);
            return;
        }

        // The kernel takes one page of options: for many layers each path must be as short as possible. The links are only needed while mounting.
        var links = Path.Combine(folder, "l");
        Disk.DeleteTree(links);
        Disk.CreateFolder(links);
        string Short(string name, string path)
        {
            Disk.CreateLink(Path.Combine(links, name), path);
            return name;
        }

        options = Options([.. lower.Select((path, i) => Short(i.ToString("x", CultureInfo.InvariantCulture), path))], Short("u", upper), Short("w", work));
        InFolder(links, () => Mount(options, target, upper));
        Disk.DeleteTree(links);
    }

    public static bool IsMounted(string target) => Disk.FolderExists(target) && MountTable.Read().Points.Contains(Disk.RealPath(target));

    /// <summary>Unmounts all that is mounted there, also what is still in use; no error where nothing is.</summary>
    public static void Unmount(string target)
    {
        for (var i = 0; i < 8 && IsMounted(target); i++)
        {
            Linux.Check(Libc.Unmount(target, Libc.Detach), $"unmounting '{target}'");
        }
    }

    /// <summary>Runs the action on a thread whose working folder is another than the process': unshare(2).</summary>
    private static void InFolder(string folder, Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Linux.Check(Libc.Unshare(Libc.OwnFolder), "giving a thread a working folder of its own");
                Linux.Check(Libc.ChangeFolder(folder), $"changing to '{folder}'");
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static string Options(IReadOnlyList<string> lower, string upper, string work) =>
        $"lowerdir={string.Join(':', lower)},upperdir={upper},workdir={work}";

    private static void Mount(string options, string target, string upper)
    {
        if (options.Length > LongestOptions)
        {
            throw new ImageException(ImageError.ErrImagePull, "the image has more layers than the kernel's overlayfs can mount", "Squash the image's layers.");
        }

        if (Libc.Mount("overlay", target, "overlay", 0, options) == 0)
        {
            return;
        }

        var code = Marshal.GetLastPInvokeError();
        var error = Linux.Error($"mounting an overlay at '{target}'");
        throw code switch
        {
            Linux.Invalid => new ImageException(
                ImageError.ImageInspectError,
                $"the file system of '{upper}' cannot be the upper layer of an overlay",
                "It probably is an overlay itself (harmony runs in a container): set HARMONY_HOME to a folder on a volume with ext4, xfs or tmpfs.",
                error),
            NoSuchDevice => new ImageException(ImageError.ImageInspectError, "the kernel has no overlayfs", "Load it: sudo modprobe overlay", error),
            NotPermitted or AccessDenied => new ImageException(ImageError.ImageInspectError, "containers need the right to mount file systems", "Run harmony as root, outside of a restricted container.", error),
            _ => new ImageException(ImageError.ImageInspectError, error.Message, inner: error),
        };
    }
}

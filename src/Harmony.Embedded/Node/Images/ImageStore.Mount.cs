using System.Runtime.InteropServices;
using Harmony.Embedded.Node.Images.Layers;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

public sealed partial class ImageStore
{
    public Task<string> MountAsync(Image image, string containerFolder, CancellationToken cancellation) => Task.Run(() => Mount(image, containerFolder), cancellation);

    public Task UnmountAsync(string containerFolder, CancellationToken cancellation) => Task.Run(() => Unmount(containerFolder), cancellation);

    private string Mount(Image image, string containerFolder)
    {
        if (!_unpacks)
        {
            throw new ImageException(
                ImageError.ImageInspectError,
                $"image \"{image.Reference}\" cannot be mounted: containers need Linux and root",
                "Run harmony as root, or use WebAssembly modules, which need neither.");
        }

        var root = Path.Combine(containerFolder, "rootfs");
        if (Overlay.IsMounted(root))
        {
            return root;
        }

        try
        {
            var record = _index.Find(image.Reference) ?? throw new ImageException(ImageError.ImageInspectError, $"image \"{image.Reference}\" is not on this node");
            var manifest = Manifest.Read(record.Manifest, _content.Read(record.Manifest, Manifest.Largest));
            var chain = record.Module is null ? ImageConfigFile.Read(_content.Read(manifest.Config.Digest, ImageConfigFile.Largest)).ChainIds() : [];
            var (upper, work) = (Path.Combine(containerFolder, "upper"), Path.Combine(containerFolder, "work"));
            foreach (var folder in (string[])[containerFolder, root, upper, work])
            {
                Disk.CreateFolder(folder);
            }

            Disk.SetMode(upper, Disk.Executable);
            if (chain.Count > 0)
            {
                LayerStore.CopyRoot(_layers.PathOf(chain[^1]), upper);
            }

            Overlay.Mount(chain.Count > 0 ? [.. chain.Reverse().Select(_layers.PathOf)] : [EmptyLayer()], upper, work, root, containerFolder);
            return root;
        }
        catch (Exception e) when (e is IOException or FormatException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageError.ImageInspectError, $"mounting image \"{image.Reference}\": {e.Message}", inner: e);
        }
    }

    /// <summary>overlayfs wants a lower layer, and an image FROM scratch may have none.</summary>
    private string EmptyLayer()
    {
        var empty = Path.Combine(_folder, "empty");
        Disk.CreateFolder(empty, Disk.Executable);
        return empty;
    }

    private static void Unmount(string containerFolder)
    {
        var root = Path.Combine(containerFolder, "rootfs");
        try
        {
            if (OperatingSystem.IsLinux())
            {
                Overlay.Unmount(root);
            }

            foreach (var name in (string[])["rootfs", "upper", "work", "l"])
            {
                Disk.DeleteTree(Path.Combine(containerFolder, name));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageError.ImageInspectError, $"unmounting '{root}': {e.Message}", inner: e);
        }
    }
}

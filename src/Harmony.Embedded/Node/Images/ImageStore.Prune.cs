using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

public sealed partial class ImageStore
{
    /// <summary>Deletes the images that are not in use, and all content and layers that no image needs. Nothing may be pulled or imported meanwhile.</summary>
    /// <param name="inUse">Ids of the images that containers run.</param>
    /// <returns>The names of those that were deleted.</returns>
    public IReadOnlyList<string> Prune(IReadOnlySet<string> inUse)
    {
        var doomed = _index.All.Where(r => Load(r) is not { } image || !inUse.Contains(image.Id)).Select(r => r.Name).ToList();
        _index.Remove(doomed);
        var (blobs, chains, modules) = Needed();
        foreach (var blob in _content.All().Where(b => !blobs.Contains(b)).ToList())
        {
            _content.Delete(blob);
        }

        if (_unpacks)
        {
            foreach (var layer in _layers.All().Where(l => !chains.Contains(l)).ToList())
            {
                _layers.Delete(layer);
            }
        }

        var folder = Path.Combine(_folder, "modules");
        foreach (var module in Disk.FolderExists(folder) ? Disk.Files(folder).Where(m => !modules.Contains(m)).ToList() : [])
        {
            Disk.DeleteFile(module);
        }

        doomed.ForEach(n => _known.TryRemove(n, out _));
        return doomed;
    }

    private (HashSet<string> Blobs, HashSet<string> Chains, HashSet<string> Modules) Needed()
    {
        var (blobs, chains, modules) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var record in _index.All)
        {
            var manifest = Manifest.Read(record.Manifest, _content.Read(record.Manifest, Manifest.Largest));
            blobs.UnionWith([record.Digest, record.Manifest, manifest.Config.Digest, .. manifest.Layers.Select(l => l.Digest)]);
            chains.UnionWith(ImageConfigFile.Read(_content.Read(manifest.Config.Digest, ImageConfigFile.Largest)).ChainIds());
            if (record.Module is { } module)
            {
                modules.Add(Path.Combine(_folder, module));
            }
        }

        return (blobs, chains, modules);
    }
}

using Harmony.Embedded.Node.Images.Layers;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

public sealed partial class ImageStore
{
    private const int LargestModule = 256 * 1024 * 1024;

    /// <summary>Makes an image of what is in the content store, or is about to be: unpacks its layers, finds its module, writes it down.</summary>
    /// <param name="arrivals">For each layer the task that brings it.</param>
    private async Task<Image> KeepAsync(string name, string digest, Manifest manifest, ImageConfigFile config, IReadOnlyList<Task> arrivals, CancellationToken cancellation)
    {
        string? module = null;
        if (manifest.Module is { } artifact)
        {
            await Task.WhenAll(arrivals);
            module = Path.GetRelativePath(_folder, _content.PathOf(artifact.Digest));
        }
        else if (IsWebAssembly(config))
        {
            await Task.WhenAll(arrivals);
            module = await Task.Run(() => ExtractModule(manifest, config, cancellation), cancellation);
        }

        if (module is null)
        {
            await UnpackAsync(manifest, config, arrivals, cancellation);
        }

        var record = new ImageRecord(name, digest, manifest.Digest, module);
        _known.TryRemove(name, out _);
        _index.Put(record);
        return Load(record) ?? throw new IOException("a part of the image vanished while it was kept");
    }

    private async Task UnpackAsync(Manifest manifest, ImageConfigFile config, IReadOnlyList<Task> arrivals, CancellationToken cancellation)
    {
        if (config.DiffIds.Count != manifest.Layers.Count)
        {
            throw new FormatException($"mismatched image rootfs and manifest layers: {config.DiffIds.Count} and {manifest.Layers.Count}");
        }

        var chain = config.ChainIds();
        for (var i = 0; i < chain.Count; i++)
        {
            await FirstFailure(arrivals, arrivals[i]);
            if (_unpacks)
            {
                await _layers.UnpackAsync(chain[i], [.. chain.Take(i)], config.DiffIds[i], _content.PathOf(manifest.Layers[i].Digest), cancellation);
            }
        }

        if (_unpacks)
        {
            await Task.Run(() => _layers.Commit(chain), cancellation);
        }
    }

    /// <summary>Waits for one layer, but no longer than until any of them has failed.</summary>
    private static async Task FirstFailure(IReadOnlyList<Task> all, Task wanted)
    {
        while (!wanted.IsCompleted)
        {
            var pending = all.Where(t => !t.IsCompletedSuccessfully).ToList();
            await (await Task.WhenAny(pending));
        }

        await wanted;
    }

    private static bool IsWebAssembly(ImageConfigFile config) =>
        config.Platform.IsWebAssembly || config.Config.Entrypoint.Concat(config.Config.Command).FirstOrDefault()?.EndsWith(".wasm", StringComparison.Ordinal) == true;

    /// <summary>Finds the module that an ordinary image starts, in its layers; the only one, where it starts none by name.</summary>
    private string? ExtractModule(Manifest manifest, ImageConfigFile config, CancellationToken cancellation)
    {
        var wanted = config.Config.Entrypoint.Concat(config.Config.Command).FirstOrDefault(a => a.EndsWith(".wasm", StringComparison.Ordinal))?.TrimStart('.', '/');
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var modules = Path.Combine(_folder, "modules");
        Disk.CreateFolder(modules);
        try
        {
            foreach (var layer in manifest.Layers)
            {
                using var archive = LayerStream.Open(Disk.OpenRead(_content.PathOf(layer.Digest)), LayerStore.Largest);
                var reader = new TarReader(archive);
                while (reader.Next() is { } entry)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var path = entry.Name.TrimStart('.', '/');
                    if (entry.Type == '0' && path.EndsWith(".wasm", StringComparison.Ordinal) && (wanted is null || path == wanted))
                    {
                        found[path] = Save(reader, entry, modules, found.GetValueOrDefault(path));
                    }
                }
            }

            if (found.Count != 1)
            {
                return config.Platform.IsWebAssembly
                    ? throw new FormatException(wanted is null ? $"the WebAssembly image holds {found.Count} modules and names none to start" : $"the WebAssembly image does not hold its module '{wanted}'")
                    : null;
            }

            var path2 = Path.Combine(modules, manifest.Config.Hash + ".wasm");
            Disk.Move(found.Values.Single(), path2, overwrite: true);
            return Path.GetRelativePath(_folder, path2);
        }
        finally
        {
            foreach (var scratch in found.Values)
            {
                Disk.DeleteFile(scratch);
            }
        }
    }

    private static string Save(TarReader reader, TarEntry entry, string folder, string? replaced)
    {
        if (entry.Size > LargestModule)
        {
            throw new FormatException($"the module '{entry.Name}' is larger than {LargestModule >> 20} MiB");
        }

        if (replaced is not null)
        {
            Disk.DeleteFile(replaced);
        }

        var scratch = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        using var file = Disk.OpenWrite(scratch, FileMode.CreateNew);
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = reader.Read(buffer)) > 0)
        {
            file.Write(buffer, 0, read);
        }

        Disk.FlushToDisk(file);
        return scratch;
    }
}

using Harmony.Embedded.Node.Images.Registry;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

public sealed partial class ImageStore
{
    public async Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellation)
    {
        var scratch = Path.Combine(_folder, "ingest", Guid.NewGuid().ToString("N"));
        try
        {
            // Onto the disk first: what it uncompresses to is read without waiting, which a request's body does not allow.
            await using (var file = Disk.OpenWrite(scratch, FileMode.CreateNew))
            {
                await archive.CopyToAsync(file, cancellation);
            }

            IReadOnlyList<(string Name, string Digest)> named;
            await using (var stored = Disk.OpenRead(scratch))
            {
                named = await Task.Run(() => new ImageArchive(_content).ReadAsync(stored, cancellation), cancellation);
            }

            foreach (var (name, digest) in named)
            {
                await KeepImportedAsync(name, digest, cancellation);
            }

            return [.. named.Select(n => n.Name)];
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or RegistryException)
        {
            throw new ImageException(ImageError.ErrImagePull, $"importing images: {e.Message}", "It must be an OCI image layout or the output of docker save.", e);
        }
        finally
        {
            Disk.DeleteFile(scratch);
        }
    }

    private async Task KeepImportedAsync(string name, string digest, CancellationToken cancellation)
    {
        var (manifestDigest, body) = (digest, _content.Read(digest, Manifest.Largest));
        for (var depth = 0; Manifest.ReadIndex(body) is { } entries; depth++)
        {
            // An archive for one platform may hold an index of many: only what is there counts.
            manifestDigest = (depth < DeepestIndex ? Choose([.. entries.Where(e => _content.Has(e.Digest))]) : null)?.Digest
                ?? throw new FormatException($"\"{name}\": no match for platform in manifest: not found");
            body = _content.Read(manifestDigest, Manifest.Largest);
        }

        var manifest = Manifest.Read(manifestDigest, body);
        if (manifest.Layers.Append(manifest.Config).FirstOrDefault(d => !_content.Has(d.Digest)) is { } missing)
        {
            throw new FormatException($"\"{name}\": the archive does not hold {missing.Digest}");
        }

        var config = ImageConfigFile.Read(_content.Read(manifest.Config.Digest, ImageConfigFile.Largest));
        await KeepAsync(name, digest, manifest, config, [.. manifest.Layers.Select(_ => Task.CompletedTask)], cancellation);
    }
}

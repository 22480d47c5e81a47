using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images.Registry;

namespace Harmony.Embedded.Node.Images;

public sealed partial class ImageStore
{
    private const int DownloadsAtOnce = 3;
    private const int DeepestIndex = 3;

    private readonly Dictionary<string, SharedPull> _pulls = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _life = new();

    public Task<Image> PullAsync(string reference, IReadOnlyList<JsonObject> pullSecrets, CancellationToken cancellation)
    {
        var parsed = ImageReference.Parse(reference);

        // The secrets are part of what is shared: one pod's must not open an image for another.
        var secrets = pullSecrets.Select(s => (JsonObject)s.DeepClone()).ToList();
        var key = parsed + "\n" + string.Join('\n', secrets.Select(s => s.ToJsonString()));
        SharedPull pull;
        lock (_pulls)
        {
            if (!_pulls.TryGetValue(key, out pull!) || !pull.TryJoin())
            {
                pull = new(stop => PullOnceAsync(parsed, secrets, stop), _life.Token);
                _pulls[key] = pull;
                _ = pull.Result.ContinueWith(_ => Forget(key, pull), TaskScheduler.Default);
            }
        }

        return pull.WaitAsync(cancellation);
    }

    private void Forget(string key, SharedPull pull)
    {
        lock (_pulls)
        {
            if (_pulls.TryGetValue(key, out var present) && present == pull)
            {
                _pulls.Remove(key);
            }
        }
    }

    private async Task<Image> PullOnceAsync(ImageReference reference, IReadOnlyList<JsonObject> secrets, CancellationToken cancellation)
    {
        try
        {
            var (session, digest) = await ResolveAsync(reference, secrets, cancellation);
            using (session)
            {
                return await FetchAsync(reference, session, reference.Digest ?? digest, cancellation);
            }
        }
        catch (RegistryException e)
        {
            throw Failure(reference, e.Message, e.IsNotFound, e);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw Failure(reference, e.Message, isNotFound: false, e);
        }
    }

    private static ImageException Failure(ImageReference reference, string message, bool isNotFound, Exception inner) => new(
        ImageError.ErrImagePull,
        $"{(isNotFound ? "rpc error: code = NotFound desc = " : "")}failed to pull and unpack image \"{reference}\": {message}",
        inner: inner);

    private async Task<(RegistrySession Session, string? Digest)> ResolveAsync(ImageReference reference, IReadOnlyList<JsonObject> secrets, CancellationToken cancellation)
    {
        try
        {
            return await _registry.ResolveAsync(reference, secrets, cancellation);
        }
        catch (RegistryException e)
        {
            throw new RegistryException($"failed to resolve reference \"{reference}\": {e.Message}", e) { IsNotFound = e.IsNotFound };
        }
    }

    private async Task<Image> FetchAsync(ImageReference reference, RegistrySession session, string? digest, CancellationToken cancellation)
    {
        var (top, document) = await ManifestAsync(session, digest ?? reference.Object, digest, cancellation);
        var (manifestDigest, body) = (top, document);
        for (var depth = 0; Manifest.ReadIndex(body) is { } entries; depth++)
        {
            var chosen = depth < DeepestIndex ? Choose(entries) : null;
            if (chosen is null)
            {
                throw NoPlatform();
            }

            (manifestDigest, body) = await ManifestAsync(session, chosen.Digest, chosen.Digest, cancellation);
        }

        var manifest = Manifest.Read(manifestDigest, body);
        await _content.FetchAsync(manifest.Config, session, _registry, cancellation);
        var config = ImageConfigFile.Read(_content.Read(manifest.Config.Digest, ImageConfigFile.Largest));
        if (manifest.Module is null && config.Platform.Os.Length > 0 && config.Platform.Fitness() == 0)
        {
            throw NoPlatform();
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var downloads = new SemaphoreSlim(DownloadsAtOnce);
        var layers = manifest.Layers.Select(l => DownloadAsync(l, session, downloads, stop.Token)).ToList();
        try
        {
            return await KeepAsync(reference.ToString(), top, manifest, config, layers, stop.Token);
        }
        catch
        {
            await stop.CancelAsync();
            await Task.WhenAll(layers).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
    }

    private async Task DownloadAsync(Descriptor layer, RegistrySession session, SemaphoreSlim downloads, CancellationToken cancellation)
    {
        await downloads.WaitAsync(cancellation);
        try
        {
            await _content.FetchAsync(layer, session, _registry, cancellation);
        }
        catch (RegistryException e) when (!e.Message.StartsWith("failed to", StringComparison.Ordinal))
        {
            throw new RegistryException($"failed to copy: httpReadSeeker: failed open: {e.Message}", e) { IsNotFound = e.IsNotFound };
        }
        finally
        {
            downloads.Release();
        }
    }

    private static Descriptor? Choose(IReadOnlyList<Descriptor> entries) =>
        entries.Where(e => e.Platform is { } platform && platform.Fitness() > 0).MaxBy(e => e.Platform!.Fitness())
            ?? entries.FirstOrDefault(e => e.Platform is null || e.Platform.Os.Length == 0);

    private static RegistryException NoPlatform() => new("no match for platform in manifest: not found") { IsNotFound = true };

    /// <summary>A manifest or index, from the disk or the registry; kept and checked.</summary>
    private async Task<(string Digest, byte[] Document)> ManifestAsync(RegistrySession session, string name, string? digest, CancellationToken cancellation)
    {
        if (digest is not null && _content.Has(digest))
        {
            return (digest, _content.Read(digest, Manifest.Largest));
        }

        try
        {
            var (document, _) = await _registry.RetryAsync(() => session.FetchManifestAsync(name, cancellation), cancellation);
            var found = ContentStore.DigestOf(document);
            return digest is null || found == digest
                ? (_content.Add(document), document)
                : throw new RegistryException($"failed to copy: unexpected commit digest {found}, expected {digest}: failed precondition");
        }
        catch (RegistryException e) when (!e.Message.StartsWith("failed to", StringComparison.Ordinal))
        {
            throw new RegistryException($"failed to copy: httpReadSeeker: failed open: {e.Message}", e) { IsNotFound = e.IsNotFound };
        }
    }
}

using System.Collections.Concurrent;
using Harmony.Embedded.Node.Images.Layers;
using Harmony.Embedded.Node.Images.Registry;
using Harmony.Platform.Files;
using Harmony.Platform.Privileges;

namespace Harmony.Embedded.Node.Images;

/// <summary>
/// The images of this node, in one folder: <c>blobs/sha256/</c> as they came, <c>layers/</c> unpacked (on Linux as root), <c>modules/</c> of
/// WebAssembly that lay inside ordinary layers, and <c>images.json</c>.
/// </summary>
public sealed partial class ImageStore : IImageStore, IDisposable
{
    private readonly string _folder;
    private readonly ContentStore _content;
    private readonly LayerStore _layers;
    private readonly ImageIndex _index;
    private readonly RegistryClient _registry;
    private readonly bool _unpacks;
    private bool _disposed;
    private readonly ConcurrentDictionary<string, Image> _known = new(StringComparer.Ordinal);

    /// <param name="dataFolder">The embedded runtime's own folder; the images are in its <c>images</c>.</param>
    /// <param name="registriesFile">The user's <c>registries.yaml</c>, read anew for each pull; it need not exist.</param>
    public ImageStore(string dataFolder, string registriesFile, TimeProvider time)
        : this(dataFolder, registriesFile, time, RegistryTimeouts.Default)
    {
    }

    internal ImageStore(string dataFolder, string registriesFile, TimeProvider time, RegistryTimeouts timeouts, bool? unpacks = null)
    {
        _folder = Path.Combine(dataFolder, "images");
        Disk.CreateFolder(_folder);
        _content = new(_folder);
        _layers = new(Path.Combine(_folder, "layers"));
        _index = new(Path.Combine(_folder, "images.json"));
        _registry = new(() => Registries.Load(registriesFile), timeouts, time);
        _unpacks = unpacks ?? (OperatingSystem.IsLinux() && Privileges.Read().Has(Capability.SysAdmin));
        _content.Clean();
        if (_unpacks)
        {
            _layers.Clean();
        }
    }

    public IReadOnlyList<Image> All => [.. _index.All.Select(Load).OfType<Image>().DistinctBy(i => i.Id)];

    public Image? Find(string reference)
    {
        if (reference.StartsWith("sha256:", StringComparison.Ordinal) || (reference.Length == 64 && reference.All(char.IsAsciiHexDigitLower)))
        {
            var id = reference.StartsWith("sha256:", StringComparison.Ordinal) ? reference : "sha256:" + reference;
            return All.FirstOrDefault(i => i.Id == id);
        }

        return ImageReference.TryParse(reference).Reference is { } parsed && FindRecord(parsed) is { } record ? Load(record) : null;
    }

    public string? FindModule(Image image) =>
        _index.Find(image.Reference) is { Module: { } module } && Path.Combine(_folder, module) is var path && Disk.FileExists(path) ? path : null;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _life.Cancel();
            _registry.Dispose();
            _life.Dispose();
        }
    }

    /// <summary>By its own name; or, where a digest is given, by any name of that repository with this content.</summary>
    private ImageRecord? FindRecord(ImageReference reference) =>
        reference.Digest is { } digest
            ? _index.Find(reference.ToString()) ?? _index.All.FirstOrDefault(r => (r.Digest == digest || r.Manifest == digest) && ImageReference.TryParse(r.Name).Reference?.Name == reference.Name)
            : _index.Find(reference.ToString());

    /// <summary>The image, or null where a part of it is gone.</summary>
    private Image? Load(ImageRecord record)
    {
        if (_known.TryGetValue(record.Name, out var known) && known.Digest == record.Digest)
        {
            return known;
        }

        try
        {
            var manifest = Manifest.Read(record.Manifest, _content.Read(record.Manifest, Manifest.Largest));
            var config = ImageConfigFile.Read(_content.Read(manifest.Config.Digest, ImageConfigFile.Largest));
            if (!IsWhole(record, manifest, config))
            {
                return null;
            }

            var reference = ImageReference.Parse(record.Name);
            var size = _unpacks && record.Module is null ? config.ChainIds().Sum(_layers.SizeOf) : manifest.Layers.Sum(l => l.Size);
            var image = new Image(manifest.Config.Digest, record.Name, record.Digest, config.Config, size)
            {
                Names = [.. new[] { record.Name, $"{reference.Name}@{record.Digest}" }.Distinct(StringComparer.Ordinal)],
            };
            _known[record.Name] = image;
            return image;
        }
        catch (Exception e) when (e is FormatException or IOException or ImageException)
        {
            return null;
        }
    }

    private bool IsWhole(ImageRecord record, Manifest manifest, ImageConfigFile config) =>
        record.Module is { } module ? Disk.FileExists(Path.Combine(_folder, module))
            : _unpacks ? config.ChainIds().All(_layers.Has)
            : manifest.Layers.All(l => _content.Has(l.Digest));
}

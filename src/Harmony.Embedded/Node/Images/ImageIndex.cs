using System.Text.Json.Nodes;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

/// <summary>What images are on this node: <c>images.json</c>, written whole each time.</summary>
internal sealed class ImageIndex
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private Dictionary<string, ImageRecord> _records;

    public ImageIndex(string path)
    {
        _path = path;
        _records = Load(path);
    }

    public IReadOnlyList<ImageRecord> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _records.Values];
            }
        }
    }

    /// <param name="name">Normalised, with its tag, or with its digest where it was asked for by digest alone.</param>
    public ImageRecord? Find(string name)
    {
        lock (_lock)
        {
            return _records.GetValueOrDefault(name);
        }
    }

    public void Put(ImageRecord record) => Change(r => r[record.Name] = record);

    public void Remove(IEnumerable<string> names) => Change(r => names.ToList().ForEach(n => r.Remove(n)));

    private void Change(Action<Dictionary<string, ImageRecord>> change)
    {
        lock (_lock)
        {
            var changed = new Dictionary<string, ImageRecord>(_records, StringComparer.Ordinal);
            change(changed);
            var json = new JsonObject { ["images"] = new JsonArray([.. changed.Values.OrderBy(r => r.Name, StringComparer.Ordinal).Select(r => (JsonNode)r.Write())]) };
            Disk.WriteAtomically(_path, json.ToJsonString());
            _records = changed;
        }
    }

    /// <summary>An index that cannot be read is as good as none: images come again.</summary>
    private static Dictionary<string, ImageRecord> Load(string path)
    {
        try
        {
            return Disk.ReadTextIfPresent(path) is { } text && JsonNode.Parse(text)?["images"] is JsonArray images
                ? images.OfType<JsonObject>().Select(ImageRecord.Read).DistinctBy(r => r.Name).ToDictionary(r => r.Name, StringComparer.Ordinal)
                : new(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException)
        {
            return new(StringComparer.Ordinal);
        }
    }
}

/// <summary>One name and what it names.</summary>
/// <param name="Name">Such as <c>docker.io/library/redis:7</c>.</param>
/// <param name="Digest">What the registry calls it: of the index, where there is one.</param>
/// <param name="Manifest">Of this machine's platform.</param>
/// <param name="Module">The module's file, relative to the store's folder; null for an ordinary image.</param>
internal sealed record ImageRecord(string Name, string Digest, string Manifest, string? Module)
{
    public JsonObject Write() => new() { ["name"] = Name, ["digest"] = Digest, ["manifest"] = Manifest, ["module"] = Module };

    public static ImageRecord Read(JsonObject json)
    {
        string Text(string name) => (string?)json[name] ?? throw new FormatException($"an image without {name}");
        return Descriptor.IsDigest(Text("digest")) && Descriptor.IsDigest(Text("manifest"))
            ? new(Text("name"), Text("digest"), Text("manifest"), (string?)json["module"])
            : throw new FormatException("an image without digests");
    }
}

using System.Formats.Tar;
using System.Text;

namespace Harmony.Testing.Images;

/// <summary>An image that a test made: its blobs by digest, and the digest that a registry would give its tag.</summary>
/// <param name="Blobs">Layers, config, manifest and, for several platforms, the index.</param>
/// <param name="Digest">Of the manifest or index.</param>
/// <param name="MediaType">Of the manifest or index.</param>
public sealed record BuiltImage(IReadOnlyDictionary<string, byte[]> Blobs, string Digest, string MediaType)
{
    /// <summary>The image's config's digest: the image's id.</summary>
    public required string ConfigDigest { get; init; }

    /// <summary>An OCI image layout as a tar archive, as <c>skopeo copy … oci-archive:</c> makes it.</summary>
    public byte[] ToArchive(string reference) => WriteArchive([(reference, this)]);

    /// <summary>Several images in one archive.</summary>
    public static byte[] WriteArchive(IReadOnlyList<(string Reference, BuiltImage Image)> images)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            void Add(string name, byte[] content) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

            Add("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray());
            foreach (var (digest, content) in images.SelectMany(i => i.Image.Blobs).DistinctBy(b => b.Key))
            {
                Add("blobs/sha256/" + digest["sha256:".Length..], content);
            }

            var entries = images.Select(i => $$$"""
                {"mediaType":"{{{i.Image.MediaType}}}","digest":"{{{i.Image.Digest}}}","size":{{{i.Image.Blobs[i.Image.Digest].Length}}},"annotations":{"io.containerd.image.name":"{{{i.Reference}}}"}}
                """);
            Add("index.json", Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries)}}]}"""));
        }

        return archive.ToArray();
    }
}

using System.Text.Json.Nodes;

namespace Harmony.Embedded.Node.Images;

/// <summary>The images on this node: pulled from registries or imported from archives, and unpacked once for all containers.</summary>
public interface IImageStore
{
    /// <summary>The image that is here under this reference (as written in a pod), or null.</summary>
    Image? Find(string reference);

    IReadOnlyList<Image> All { get; }

    /// <summary>Fetches the image, or only what changed of it. Concurrent pulls of one image are one pull.</summary>
    /// <param name="reference">As written in a pod: <c>redis</c>, <c>ghcr.io/a/b:1</c>, <c>localhost:5000/x@sha256:…</c>.</param>
    /// <param name="pullSecrets">The decoded <c>.dockerconfigjson</c> documents of the pod's imagePullSecrets.</param>
    /// <exception cref="ImageException">With the kubelet's reason and containerd's words.</exception>
    Task<Image> PullAsync(string reference, IReadOnlyList<JsonObject> pullSecrets, CancellationToken cancellation);

    /// <summary>Takes in an OCI image layout or <c>docker save</c> archive (tar, optionally gzip or zstd) and returns the references it held.</summary>
    Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellation);

    /// <summary>
    /// Mounts a writable root filesystem of the image at <c>{containerFolder}/rootfs</c> (overlayfs) and returns that path. The lower layers are shared.
    /// Finding it mounted already is no error.
    /// </summary>
    Task<string> MountAsync(Image image, string containerFolder, CancellationToken cancellation);

    /// <summary>Unmounts and deletes what <see cref="MountAsync"/> made; no error where nothing is mounted.</summary>
    Task UnmountAsync(string containerFolder, CancellationToken cancellation);

    /// <summary>The path of the WebAssembly module or text (<c>.wat</c>) of an image that is one; null for an ordinary image.</summary>
    string? FindModule(Image image);
}

using Harmony.Platform;

namespace Harmony.Embedded.Node.Images;

/// <summary>Why an image cannot be had. The names are the kubelet's own reasons.</summary>
public enum ImageError
{
    ErrImagePull,
    ErrImageNeverPull,
    InvalidImageName,
    ImageInspectError,
    RegistryUnavailable,
}

/// <summary>An image could not be pulled, imported or mounted.</summary>
public sealed class ImageException(ImageError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public ImageError Code { get; } = code;

    public override string CodeName => Code.ToString();
}

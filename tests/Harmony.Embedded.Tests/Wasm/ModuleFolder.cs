using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images;

namespace Harmony.Embedded.Tests.Wasm;

/// <summary>Images that are modules in a folder: the image's reference is the file's name.</summary>
internal sealed class ModuleFolder(string folder) : IImageStore
{
    public IReadOnlyList<Image> All => [];

    public Image? Find(string reference) => throw new NotSupportedException();

    public Task<Image> PullAsync(string reference, IReadOnlyList<JsonObject> pullSecrets, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string> MountAsync(Image image, string containerFolder, CancellationToken cancellation) => throw new NotSupportedException();

    public Task UnmountAsync(string containerFolder, CancellationToken cancellation) => throw new NotSupportedException();

    public string? FindModule(Image image) => File.Exists(Path.Combine(folder, image.Reference)) ? Path.Combine(folder, image.Reference) : null;
}

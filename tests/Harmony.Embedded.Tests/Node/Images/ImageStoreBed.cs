using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Images.Registry;
using Harmony.Platform.Privileges;

namespace Harmony.Embedded.Tests.Node.Images;

/// <summary>A store in a folder of its own, that waits for no registry longer than it must.</summary>
public sealed class ImageStoreBed : IDisposable
{
    private readonly List<ImageStore> _stores = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("harmony-images-").FullName;

    public string RegistriesFile => Path.Combine(Folder, "registries.yaml");

    public static bool CanMount => OperatingSystem.IsLinux() && Privileges.Read().Has(Capability.SysAdmin);

    internal static RegistryTimeouts Patient { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(10));

    /// <summary>Opens the store; again, as after a restart of the process.</summary>
    internal ImageStore Open(bool unpacks = false, RegistryTimeouts? timeouts = null)
    {
        var store = new ImageStore(Folder, RegistriesFile, TimeProvider.System, timeouts ?? Patient, unpacks);
        _stores.Add(store);
        return store;
    }

    public void Dispose()
    {
        _stores.ForEach(s => s.Dispose());
        Directory.Delete(Folder, recursive: true);
    }
}

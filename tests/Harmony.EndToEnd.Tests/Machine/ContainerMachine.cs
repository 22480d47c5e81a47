using Harmony.EndToEnd.Tests.Images;
using Harmony.Testing.Images;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>A home that can run containers, with a registry on loopback in place of Docker Hub. Nothing is started yet.</summary>
public class ContainerMachine : IAsyncLifetime
{
    private RegistryServer? _registry;

    internal HarmonyHome Home { get; } = new();

    internal RegistryServer Registry => _registry ?? throw new InvalidOperationException("Containers cannot run here.");

    /// <summary>Skips the test where this machine cannot run containers.</summary>
    internal static void Need() => Assert.SkipUnless(Requirements.Containers is null, $"containers cannot run here: {Requirements.Containers}");

    public virtual async ValueTask InitializeAsync()
    {
        if (Requirements.Containers is null)
        {
            _registry = await RegistryServer.StartAsync();
            await ShopImages.AddToAsync(_registry, TestContext.Current.CancellationToken);
            Home.Write("registries.yaml", ShopImages.Registries(_registry));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

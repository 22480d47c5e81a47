using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Images;
using Harmony.EndToEnd.Tests.Machine;
using Harmony.Testing.Images;

namespace Harmony.EndToEnd.Tests.Shop;

/// <summary><c>examples/shop</c>, launched once from an own folder, with its images in a registry on loopback.</summary>
public sealed class ShopProject : IAsyncLifetime
{
    private RegistryServer? _registry;

    internal HarmonyHome Home { get; } = new();

    internal string Folder { get; private set; } = "";

    internal JsonNode Launch { get; private set; } = new JsonObject();

    internal string Address => AddressOf(Launch);

    internal static string AddressOf(JsonNode launch) => launch["ports"]![0]!["location"]!.GetValue<string>();

    public async ValueTask InitializeAsync()
    {
        if (Requirements.Containers is not null)
        {
            return;
        }

        _registry = await RegistryServer.StartAsync();
        await ShopImages.AddToAsync(_registry, TestContext.Current.CancellationToken);
        Home.Write("registries.yaml", ShopImages.Registries(_registry));
        Folder = Home.CopyOf("shop", "shop");
        Launch = await Home.UpAsync(Folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }
    }
}

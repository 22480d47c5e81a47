using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Shop;

/// <summary><c>examples/shop</c>, launched once from an own folder, with its images in a registry on loopback.</summary>
public sealed class ShopProject : ContainerMachine
{
    internal string Folder { get; private set; } = "";

    internal JsonNode Launch { get; private set; } = new JsonObject();

    internal string Address => AddressOf(Launch);

    internal static string AddressOf(JsonNode launch) => launch["ports"]![0]!["location"]!.GetValue<string>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Requirements.Containers is null)
        {
            Folder = Home.CopyOf("shop", "shop");
            Launch = await Home.UpAsync(Folder);
        }
    }
}

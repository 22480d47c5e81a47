using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Hello;

/// <summary><c>examples/hello</c>, launched once for the tests that only look at it.</summary>
public sealed class HelloProject : IAsyncLifetime
{
    internal HarmonyHome Home { get; } = new();

    internal JsonNode Launch { get; private set; } = new JsonObject();

    internal string Address => Launch["ports"]![0]!["location"]!.GetValue<string>();

    public async ValueTask InitializeAsync() => Launch = await Home.UpAsync(Repository.Example("hello"));

    public ValueTask DisposeAsync() => Home.DisposeAsync();
}

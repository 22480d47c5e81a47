using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>The conversion strategy <c>None</c> of custom resources: only the apiVersion differs.</summary>
internal sealed class RenamedVersion(string storageApiVersion) : IVersionConversion
{
    public JsonObject ToStorage(JsonObject served)
    {
        served["apiVersion"] = storageApiVersion;
        return served;
    }

    public JsonObject FromStorage(JsonObject stored, ApiResource served)
    {
        stored["apiVersion"] = served.ApiVersion;
        return stored;
    }
}

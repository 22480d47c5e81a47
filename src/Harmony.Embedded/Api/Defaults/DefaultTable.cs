using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Defaults;

/// <summary>defaults.json: for a Go type the fields that get a value of their own when they have none.</summary>
internal static class DefaultTable
{
    private static readonly Lazy<FrozenDictionary<string, (string Name, JsonElement Value)[]>> Types = new(Load);

    public static void Apply(JsonObject obj, string? typeName)
    {
        if (typeName is null || !Types.Value.TryGetValue(Short(typeName), out var fields))
        {
            return;
        }

        foreach (var (name, value) in fields)
        {
            if (obj[name] is null)
            {
                obj[name] = value.ValueKind switch
                {
                    JsonValueKind.Object => JsonObject.Create(value),
                    JsonValueKind.Array => JsonArray.Create(value),
                    JsonValueKind.String => JsonValue.Create(value.GetString()),
                    JsonValueKind.Number => JsonValue.Create(value.GetInt32()),
                    _ => JsonValue.Create(value.GetBoolean()),
                };
            }
        }
    }

    /// <summary><c>core.v1.PodSpec</c> of <c>io.k8s.api.core.v1.PodSpec</c>.</summary>
    public static string Short(string typeName)
    {
        var dots = 0;
        for (var i = typeName.Length - 1; i >= 0; i--)
        {
            if (typeName[i] == '.' && ++dots == 3)
            {
                return typeName[(i + 1)..];
            }
        }

        return typeName;
    }

    private static FrozenDictionary<string, (string Name, JsonElement Value)[]> Load()
    {
        using var stream = typeof(DefaultTable).Assembly.GetManifestResourceStream("Harmony.Embedded.defaults.json")
            ?? throw new InvalidOperationException("The program was built without its table of defaults.");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject().ToFrozenDictionary(
            t => t.Name, t => t.Value.EnumerateObject().Select(f => (f.Name, f.Value.Clone())).ToArray(), StringComparer.Ordinal);
    }
}

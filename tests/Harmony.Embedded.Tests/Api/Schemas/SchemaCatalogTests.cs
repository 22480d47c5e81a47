using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Tests.Api.Schemas;

public sealed class SchemaCatalogTests
{
    public static TheoryData<string, string, string> Kinds =>
        [.. BuiltInResources.All.Select(r => new TheoryDataRow<string, string, string>(r.Group, r.Version, r.Kind)).DistinctBy(r => r.Data)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_served_kind_has_a_schema_whose_types_all_resolve(string group, string version, string kind)
    {
        var schema = SchemaCatalog.Find(new(group, version, kind));
        if (schema is null)
        {
            // Kinds that are served but have no published model: they are taken as they are.
            version.ShouldNotBe("v1", $"{group}/{version} {kind}");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        Walk(schema, seen);
        seen.ShouldNotBeEmpty();
    }

    [Fact]
    public void Types_may_contain_themselves()
    {
        var props = SchemaCatalog.Type("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
        props.Properties["not"].Properties["not"].Field("properties").ShouldNotBeNull();
    }

    private static void Walk(Schema schema, HashSet<string> seen)
    {
        if (schema.TypeName is not null && !seen.Add(schema.TypeName))
        {
            return;
        }

        if (schema.Kind == SchemaKind.Object)
        {
            schema.Properties.ShouldNotBeNull();
        }

        if (schema.ListType == ListType.Map)
        {
            schema.ListMapKeys.ShouldAllBe(k => schema.Items!.Properties.ContainsKey(k), schema.TypeName);
        }

        foreach (var inner in schema.Properties.Values.Append(schema.Items).Append(schema.AdditionalProperties).OfType<Schema>())
        {
            Walk(inner, seen);
        }
    }
}

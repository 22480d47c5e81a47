using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Patches;

namespace Harmony.Embedded.Tests.Api.Patches;

public sealed class ManagedFieldsTimeTests
{
    private const string Kubectl = """{ "manager": "kubectl", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:05Z", "fieldsV1": { "f:data": {} } }""";

    private static JsonObject Owned(string data, params string[] entries) =>
        JsonNode.Parse($$"""{ "metadata": { "name": "a", "managedFields": [ {{string.Join(',', entries)}} ] }, "data": { "k": "{{data}}" } }""")!.AsObject();

    private static string Harmony(string time, string field = "f:data") =>
        $$"""{ "manager": "harmony", "operation": "Apply", "apiVersion": "v1", "time": "{{time}}", "fieldsV1": { "{{field}}": { } } }""";

    [Fact]
    public void A_later_time_alone_is_no_change_even_where_it_moves_the_entry() =>
        ManagedFields.DifferOnlyInTime(Owned("v", Harmony("2026-01-01T00:00:01Z"), Kubectl), Owned("v", Kubectl, Harmony("2026-01-01T00:00:09Z"))).ShouldBeTrue();

    [Fact]
    public void Another_value_is_a_change() =>
        ManagedFields.DifferOnlyInTime(Owned("v", Kubectl), Owned("w", Kubectl)).ShouldBeFalse();

    [Fact]
    public void Another_owned_field_is_a_change() =>
        ManagedFields.DifferOnlyInTime(Owned("v", Harmony("2026-01-01T00:00:01Z")), Owned("v", Harmony("2026-01-01T00:00:01Z", "f:metadata"))).ShouldBeFalse();
}

using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Defaults;

public sealed class DefaulterTests
{
    // What admission, allocation and creation add after defaulting: the API's part, not the defaulter's.
    private static readonly string[][] Later =
    [
        ["metadata", "uid"], ["metadata", "resourceVersion"], ["metadata", "creationTimestamp"], ["metadata", "generation"], ["metadata", "namespace"],
        ["metadata", "finalizers"], ["metadata", "managedFields"], ["spec", "serviceAccount"], ["spec", "serviceAccountName"], ["spec", "priority"],
        ["spec", "preemptionPolicy"], ["spec", "tolerations"], ["spec", "clusterIP"], ["spec", "clusterIPs"], ["spec", "ipFamilies"],
        ["spec", "ipFamilyPolicy"], ["spec", "finalizers"], ["spec", "taints"], ["status", "lastPhaseTransitionTime"], ["status", "qosClass"],
        ["status", "phase"],
    ];

    public static TheoryData<string> Names => [.. Golden.Entries("create").Where(e => e.Text("name")!.StartsWith("create", StringComparison.Ordinal)).Select(e => e.Text("name")!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_new_object_gets_the_defaults_that_a_real_api_server_gives_it(string name)
    {
        var entry = Golden.Entry("create", name);
        var expected = entry.Response();
        var obj = entry.Request();
        var schema = Golden.SchemaOf(obj);
        Decoder.Decode(obj, obj.GroupVersionKind, schema, FieldValidation.Strict);
        Defaulter.Apply(obj, obj.GroupVersionKind, schema);
        var owner = new FieldOwner("Python-urllib", obj.ApiVersion, null, DateTimeOffset.UnixEpoch, HasStatus: expected["status"] is not null);
        ManagedFields.RecordUpdate(null, obj, owner, schema);

        Scrubbed(obj).ShouldBe(Scrubbed(expected));
        if (name != "create clusterroles cr")
        {
            Owned(obj).ShouldBe(Owned(expected));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Defaulting_what_is_defaulted_changes_nothing(string name)
    {
        var obj = Golden.Entry("create", name).Response();
        var schema = Golden.SchemaOf(obj);
        var before = obj.DeepClone();
        Decoder.Decode(obj, obj.GroupVersionKind, schema, FieldValidation.Strict);
        Defaulter.Apply(obj, obj.GroupVersionKind, schema);
        Sorted(obj).ShouldBe(Sorted(before));
    }

    [Fact]
    public void A_custom_resource_gets_the_defaults_of_its_schema_wherever_its_parents_are_there()
    {
        var schema = CustomSchema.Parse(JsonNode.Parse(
            """{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer","default":3},"deep":{"type":"object","properties":{"a":{"type":"string","default":"x"}}}}}}}""")!.AsObject());
        var obj = JsonNode.Parse("""{"apiVersion":"e/v1","kind":"W","metadata":{"name":"w"},"spec":{"deep":{}}}""")!.AsObject();
        Defaulter.Apply(obj, obj.GroupVersionKind, schema);
        obj.At("spec", "size").AsInt().ShouldBe(3);
        obj.At("spec", "deep", "a").AsText().ShouldBe("x");
    }

    private static string Owned(JsonObject obj) => Sorted(obj.At("metadata", "managedFields").Items().FirstOrDefault().At("fieldsV1"));

    private static string Scrubbed(JsonObject obj)
    {
        obj = obj.DeepClone().AsObject();
        foreach (var path in Later)
        {
            (obj.At(path.AsSpan()[..^1]) as JsonObject)?.Remove(path[^1]);
        }

        if (obj.Kind == "Job")
        {
            obj.Metadata.Remove("labels");
            (obj["spec"] as JsonObject)!.Remove("selector");
            obj.At("spec", "template")!.AsObject().Remove("metadata");
        }

        foreach (var port in obj.At("spec", "ports").Objects())
        {
            port.Remove("nodePort");
        }

        foreach (var list in new[] { obj.At("spec", "volumes") }.Concat(
            obj.At("spec", "containers").Objects().Concat(obj.At("spec", "initContainers").Objects()).Select(c => c["volumeMounts"])).OfType<JsonArray>().ToList())
        {
            list.Where(i => i.At("name").AsText()!.StartsWith("kube-api-access", StringComparison.Ordinal)).ToList().ForEach(i => list.Remove(i));
            if (list.Count == 0)
            {
                list.Parent!.AsObject().Remove(list.GetPropertyName());
            }
        }

        if (obj["spec"] is JsonObject { Count: 0 })
        {
            obj.Remove("spec");
        }

        return Sorted(obj);
    }

    private static string Sorted(JsonNode? node) => node switch
    {
        JsonObject o => "{" + string.Join(",\n", o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"\"{p.Key}\":{Sorted(p.Value)}")) + "}",
        JsonArray a => "[" + string.Join(',', a.Select(Sorted)) + "]",
        null => "null",
        _ => node.ToJsonString(),
    };
}

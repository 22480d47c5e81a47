using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Patches;

/// <summary>Replays the recorded patches on the recorded objects, without the API around them.</summary>
public sealed class GoldenPatchTests
{
    [Fact]
    public void Recorded_patches_give_what_a_real_api_server_made_of_them() => Replay("patches");

    [Fact]
    public void Recorded_applies_give_what_a_real_api_server_made_of_them() => Replay("server-side-apply");

    private static void Replay(string file)
    {
        // Objects as the requests before left them, by path.
        var state = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var entry in Golden.Entries("create").Where(e => e.At("response", "code").AsInt() == 201))
        {
            var created = entry.Response();
            state[$"{entry.At("request", "path").AsText()}/{created.Name}"] = created;
        }

        foreach (var entry in Golden.Entries("errors").Where(e => e.At("response", "code").AsInt() == 200 && e.At("request", "method").AsText() == "PATCH"))
        {
            state[entry.At("request", "path").AsText()!.Split('?')[0]] = entry.Response();
        }

        var replayed = 0;
        var differences = new List<string>();
        foreach (var entry in Golden.Entries(file))
        {
            var path = entry.At("request", "path").AsText()!;
            var query = path.Contains('?', StringComparison.Ordinal) ? path[(path.IndexOf('?', StringComparison.Ordinal) + 1)..] : "";
            path = path.Split('?')[0];
            var expected = entry["response"]!["body"] as JsonObject;
            // The API checks the name and the manager before it patches, and what is valid after.
            if (entry.Text("name") is "no manager" or "name differs" or "smp merges service ports by port" || expected is null || entry.At("request", "body") is not { } body || path.Contains("example.com", StringComparison.Ordinal)
                || entry.At("request", "method").AsText() is not ("PATCH" or "PUT"))
            {
                continue;
            }

            var subresource = path.EndsWith("/status", StringComparison.Ordinal) ? "status" : path.EndsWith("/scale", StringComparison.Ordinal) ? "scale" : null;
            var key = subresource is null ? path : path[..path.LastIndexOf('/')];
            var live = state.GetValueOrDefault(key);
            if (subresource == "scale" && live is not null && expected.Kind == "Scale")
            {
                var scaled = live.DeepClone().AsObject();
                scaled["spec"]!["replicas"] = expected["spec"]!["replicas"]!.DeepClone();
                ManagedFields.RecordUpdate(live, scaled, Owner(query, live.ApiVersion, "scale", true), Golden.SchemaOf(live));
                state[key] = scaled;
                continue;
            }

            replayed++;
            string actual;
            try
            {
                var result = Patched(entry, live, body, query, subresource);
                state[key] = expected.Kind == "Status" ? live! : expected.DeepClone().AsObject();
                actual = Scrubbed(result);
            }
            catch (ApiException e)
            {
                actual = $"{e.Code} {e.Reason} {e.Message} {e.Details?["causes"]?.ToJsonString()}";
            }

            var wanted = expected.Kind == "Status"
                ? $"{expected["code"]} {expected.Text("reason")} {expected.Text("message")} {expected.At("details", "causes")?.ToJsonString()}"
                : Scrubbed(expected);
            if (actual != wanted)
            {
                differences.Add($"{entry.Text("name")}\n  actual   {actual}\n  expected {wanted}");
            }
        }

        replayed.ShouldBeGreaterThan(10);
        string.Join("\n", differences).ShouldBe("");
    }

    private static JsonObject Patched(JsonObject entry, JsonObject? live, JsonNode body, string query, string? subresource)
    {
        var parsed = body is JsonObject or JsonArray ? body.DeepClone() : YamlReader.ReadAll(body.AsText()!, YamlLimits.Default).Single().Root!;
        var model = live ?? parsed.AsObject();
        var schema = Golden.SchemaOf(model);
        var owner = Owner(query, model.ApiVersion, subresource, (live ?? entry["response"]!["body"]!.AsObject())["status"] is not null);
        var type = entry.At("request", "contentType").AsText();
        if (type == "application/apply-patch+yaml")
        {
            var applied = ServerSideApply.Apply(live, parsed.AsObject(), owner, query.Contains("force=true", StringComparison.Ordinal), schema);
            Decoder.Decode(applied, model.GroupVersionKind, schema, FieldValidation.Strict);
            Defaulter.Apply(applied, model.GroupVersionKind, schema);
            return applied;
        }

        var updated = type switch
        {
            "application/json-patch+json" => JsonPatch.Apply(live!, parsed),
            "application/merge-patch+json" => MergePatch.Apply(live!, parsed.AsObject()),
            "application/strategic-merge-patch+json" => StrategicMergePatch.Apply(live!, parsed.AsObject(), schema),
            _ => parsed.AsObject(),
        };
        Decoder.Decode(updated, model.GroupVersionKind, schema, FieldValidation.Strict);
        Defaulter.Apply(updated, model.GroupVersionKind, schema);
        if (subresource == "status")
        {
            updated["spec"] = live!["spec"]!.DeepClone();
        }

        ManagedFields.RecordUpdate(live, updated, owner, schema);
        return updated;
    }

    private static FieldOwner Owner(string query, string apiVersion, string? subresource, bool hasStatus)
    {
        var manager = query.Split('&').FirstOrDefault(q => q.StartsWith("fieldManager=", StringComparison.Ordinal))?[13..];
        return new(FieldOwner.ManagerOf(manager, "Python-urllib/3.11"), apiVersion, subresource, new(2026, 11, 23, 1, 19, 20, TimeSpan.Zero), hasStatus);
    }

    /// <summary>Without what the API around the patch adds: identity, times, and what allocation and admission do.</summary>
    private static string Scrubbed(JsonObject obj)
    {
        obj = obj.DeepClone().AsObject();
        foreach (var name in new[] { "uid", "resourceVersion", "generation", "creationTimestamp", "namespace" })
        {
            obj.Metadata.Remove(name);
        }

        foreach (var name in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
        {
            (obj["spec"] as JsonObject)?.Remove(name);
        }

        foreach (var managed in obj.At("metadata", "managedFields").Objects())
        {
            managed.Remove("time");
        }

        return Sorted(obj);
    }

    private static string Sorted(JsonNode? node) => node switch
    {
        JsonObject o => "{" + string.Join(',', o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"\"{p.Key}\":{Sorted(p.Value)}")) + "}",
        JsonArray a => "[" + string.Join(',', a.Select(Sorted)) + "]",
        null => "null",
        _ => node.ToJsonString(),
    };
}

using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Validation;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Validation;

/// <summary>What a real kube-apiserver refused, refused here in the same words.</summary>
public sealed class GoldenErrorTests
{
    // Refused by the API around these functions, or told with a dump of Go structs that nobody can act on.
    private static readonly string[] Elsewhere =
    [
        "already exists", "namespace not found", "wrong namespace in body", "unknown media type", "unknown patch type", "method not allowed",
        "stale resourceVersion", "delete with wrong uid", "job template is immutable", "pod spec is immutable", "malformed JSON",
    ];

    public static TheoryData<string, string> Refused =>
        [.. new[] { "errors", "custom-resources" }.SelectMany(file => Golden.Entries(file)
            .Where(e => e.At("response", "code").AsInt() is 400 or 422 && e.At("request", "body") is JsonObject && e.At("request", "method").AsText() is "POST" or "PATCH"
                && e.At("response", "code").AsInt() is 400 or 422 && !Elsewhere.Contains(e.Text("name")))
            .Select(e => new TheoryDataRow<string, string>(file, e.Text("name")!)))];

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_object_is_refused_in_the_words_of_a_real_api_server(string file, string name)
    {
        var entry = Golden.Entry(file, name);
        var path = entry.At("request", "path").AsText()!;
        var refused = Should.Throw<ApiException>(() => Send(entry, path));
        var expected = entry.Response();
        refused.Message.ShouldBe(expected.Text("message"));
        ((int?)refused.Code).ShouldBe(expected["code"].AsInt());
        refused.Details?.ToJsonString().ShouldBe(expected["details"]?.ToJsonString());
    }

    [Fact]
    public void Malformed_JSON_is_refused_in_the_words_of_a_real_api_server() =>
        Should.Throw<ApiException>(() => Decoder.Parse("{"u8, "ConfigMap")).Message
            .ShouldBe(Golden.Entry("errors", "malformed JSON").Response().Text("message"));

    private static void Send(JsonObject entry, string path)
    {
        var resource = Resource(path);
        var validation = path.Contains("Strict", StringComparison.Ordinal) ? FieldValidation.Strict : FieldValidation.Warn;
        var schema = resource.Group == "example.com"
            ? CustomSchema.Parse(Golden.Entry("create", "create customresourcedefinitions widgets.example.com").Request()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject())
            : SchemaCatalog.Find(resource.GroupVersionKind)!;
        var body = entry.Request();
        JsonObject? live = null;
        if (entry.At("request", "method").AsText() == "PATCH")
        {
            live = path.EndsWith("/imm", StringComparison.Ordinal)
                ? Golden.Entry("errors", "secret is immutable").Response()
                : Golden.Entries("create").First(e => path.StartsWith(e.At("request", "path").AsText() + "/", StringComparison.Ordinal) && path.EndsWith("/" + e.Response().Name, StringComparison.Ordinal)).Response();
            body = entry.At("request", "contentType").AsText() == "application/merge-patch+json" ? MergePatch.Apply(live, body) : StrategicMergePatch.Apply(live, body, schema);
        }

        Decoder.Decode(body, resource.GroupVersionKind, schema, validation);
        Defaulter.Apply(body, resource.GroupVersionKind, schema);
        if (live is null)
        {
            Validator.ValidateCreate(body, resource, schema);
        }
        else
        {
            Validator.ValidateUpdate(body, live, resource, schema);
        }
    }

    private static ApiResource Resource(string path)
    {
        var steps = path.Split('?')[0].Trim('/').Split('/');
        var (group, version, rest) = steps[0] == "api" ? ("", steps[1], steps[2..]) : (steps[1], steps[2], steps[3..]);
        var plural = rest[0] == "namespaces" && rest.Length > 2 ? rest[2] : rest[0];
        var kind = plural switch
        {
            "configmaps" => "ConfigMap",
            "secrets" => "Secret",
            "pods" => "Pod",
            "services" => "Service",
            "deployments" => "Deployment",
            "jobs" => "Job",
            "cronjobs" => "CronJob",
            "persistentvolumeclaims" => "PersistentVolumeClaim",
            "widgets" => "Widget",
            _ => throw new InvalidOperationException(plural),
        };
        return new(group, version, plural, kind, Namespaced: true);
    }
}

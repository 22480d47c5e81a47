using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Validation;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Validation;

/// <summary>Faults that people make in their manifests; the words are a real kube-apiserver's.</summary>
public sealed class ValidatorTests
{
    private static readonly ApiResource Deployments = new("apps", "v1", "deployments", "Deployment", true);

    [Theory]
    [InlineData("""{"name":"web","image":"i","imagePullPolcy":"Always"}""", "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.template.spec.containers[0].imagePullPolcy\"")]
    [InlineData("""{"name":"web","image":"i","ports":[{"containerPort":80000}]}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive")]
    [InlineData("""{"name":"web","image":"i","volumeMounts":[{"name":"data","mountPath":"/data"}]}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\"")]
    [InlineData("""{"name":"web","image":"i","resources":{"requests":{"memory":"1Gi"},"limits":{"memory":"512Mi"}}}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: \"1Gi\": must be less than or equal to memory limit of 512Mi")]
    [InlineData("""{"name":"web","image":"i","env":[{"name":"PORT","value":8080}]}""", "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string")]
    [InlineData("""{"name":"web"}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].image: Required value")]
    [InlineData("""{"name":"web","image":"i","resources":{"limits":{"memory":"512MB"}}}""", "Deployment in version \"v1\" cannot be handled as a Deployment: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("""{"name":"web","image":"i","imagePullPolicy":"always"}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].imagePullPolicy: Unsupported value: \"always\": supported values: \"Always\", \"IfNotPresent\", \"Never\"")]
    [InlineData("""{"name":"web","image":"i","livenessProbe":{"httpGet":{"path":"/"}}}""", "Deployment.apps \"web\" is invalid: spec.template.spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive")]
    public void A_bad_container_is_refused(string container, string expected) =>
        Should.Throw<ApiException>(() => Create(Deployment(container), Deployments)).Message.ShouldBe(expected);

    [Fact]
    public void A_good_deployment_is_taken() => Create(Deployment("""{"name":"web","image":"i"}"""), Deployments);

    [Fact]
    public void A_deployment_without_selector_is_told_both_faults()
    {
        var obj = Deployment("""{"name":"web","image":"i"}""");
        obj.Spec!.Remove("selector");
        Should.Throw<ApiException>(() => Create(obj, Deployments)).Message.ShouldBe(
            "Deployment.apps \"web\" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`]");
    }

    [Fact]
    public void A_text_for_a_number_is_refused()
    {
        var obj = Deployment("""{"name":"web","image":"i"}""");
        obj.Spec!["replicas"] = "two";
        Should.Throw<ApiException>(() => Create(obj, Deployments)).Message.ShouldBe(
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32");
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"a":1}}""", "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n"},"data":{"a b":"1"}}""", "ConfigMap \"n\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")]
    public void A_bad_config_map_is_refused(string json, string expected) =>
        Should.Throw<ApiException>(() => Create(Parse(json), new("", "v1", "configmaps", "ConfigMap", true))).Message.ShouldBe(expected);

    [Fact]
    public void Raw_text_in_a_secret_is_refused() =>
        Should.Throw<ApiException>(() => Create(Parse("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"raw"},"data":{"password":"hunter2!"}}"""), new("", "v1", "secrets", "Secret", true)))
            .Message.ShouldBe("Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 7");

    [Fact]
    public void Too_much_for_a_config_map_and_its_annotations_is_told()
    {
        var obj = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"huge","annotations":{}},"data":{}}""");
        obj["data"]!["a"] = new string('x', 1_100_000);
        obj.Metadata["annotations"] = new JsonObject { ["k"] = new string('x', 1_100_000) };
        Should.Throw<ApiException>(() => Create(obj, new("", "v1", "configmaps", "ConfigMap", true))).Message.ShouldBe(
            "ConfigMap \"huge\" is invalid: [metadata.annotations: Too long: may not be more than 262144 bytes, []: Too long: may not be more than 1048576 bytes]");
    }

    [Fact]
    public void A_job_whose_pods_restart_always_is_refused() =>
        Should.Throw<ApiException>(() => Create(
            Parse("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}"""), new("batch", "v1", "jobs", "Job", true)))
            .Message.ShouldBe("Job.batch \"j\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"");

    [Fact]
    public void Recreate_takes_no_rolling_update()
    {
        var obj = Deployment("""{"name":"web","image":"i"}""");
        obj.Spec!["strategy"] = Parse("""{"type":"Recreate","rollingUpdate":{"maxSurge":1}}""");
        Should.Throw<ApiException>(() => Create(obj, Deployments)).Message.ShouldBe(
            "Deployment.apps \"web\" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'");
    }

    [Theory]
    [InlineData("*/5 * * * *", null)]
    [InlineData("@daily", null)]
    [InlineData("0 0 * jan-mar sun", null)]
    [InlineData("61 * * * *", "end of range (61) above maximum (59): 61")]
    [InlineData("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax")]
    [InlineData("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    public void Schedules_are_read_as_cron_reads_them(string schedule, string? fault) => CronSyntax.Fault(schedule).ShouldBe(fault);

    [Fact]
    public void A_recorded_object_updates_to_itself()
    {
        foreach (var entry in Golden.Entries("create").Where(e => e.At("response", "code").AsInt() == 201))
        {
            var obj = entry.Response();
            var steps = entry.At("request", "path").AsText()!.Split('/');
            var schema = Golden.SchemaOf(obj);
            var gvk = obj.GroupVersionKind;
            Validator.ValidateUpdate(obj.DeepClone().AsObject(), obj, new(gvk.Group, gvk.Version, steps[^1], gvk.Kind, true), schema);
            Validator.ValidateCreate(obj, new(gvk.Group, gvk.Version, steps[^1], gvk.Kind, true), schema);
        }
    }

    private static JsonObject Deployment(string container) => Parse(
        $$$$$$"""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{{{{{{container}}}}}}]}}}}""");

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static void Create(JsonObject obj, ApiResource resource)
    {
        var schema = Golden.SchemaOf(obj);
        Decoder.Decode(obj, resource.GroupVersionKind, schema, FieldValidation.Strict);
        Defaulter.Apply(obj, resource.GroupVersionKind, schema);
        Validator.ValidateCreate(obj, resource, schema);
    }
}

using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

/// <summary>Source: https://kubernetes.io/docs/reference/using-api/api-concepts/.</summary>
public sealed class ObjectTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task An_object_lives_from_its_creation_to_its_deletion()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a","labels":{"x":"1"}},"data":{"k":"1"}}""");
        made.Kind.ShouldBe("ConfigMap");
        made.ApiVersion.ShouldBe("v1");
        made.Namespace.ShouldBe(ns.Name);
        made.Uid.Length.ShouldBe(36);
        made.ResourceVersion.ShouldNotBeEmpty();
        DateTimeOffset.Parse(made.At("metadata", "creationTimestamp").AsText()!, System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);

        (await ns.GetAsync("configmaps", "a")).ToJsonString().ShouldBe(made.ToJsonString());

        made["data"]!["k"] = "2";
        var changed = (await ns.Raw.PutAsync(ns["configmaps", "a"], made)).Expect(200);
        changed.Uid.ShouldBe(made.Uid);
        changed.ResourceVersion.ShouldNotBe(made.ResourceVersion);
        changed.At("data", "k").AsText().ShouldBe("2");

        var deleted = (await ns.Raw.DeleteAsync(ns["configmaps", "a"])).Expect(200);
        deleted.Kind.ShouldBe("Status");
        deleted.Text("status").ShouldBe("Success");
        deleted.At("details", "uid").AsText().ShouldBe(made.Uid);
        (await ns.Raw.GetAsync(ns["configmaps", "a"])).Refused(404, "NotFound").Message.ShouldBe("configmaps \"a\" not found");
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"])).Refused(404, "NotFound");
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        (await ns.Raw.PostAsync(ns["configmaps"], """{"metadata":{"name":"a"}}""")).Refused(409, "AlreadyExists");
    }

    [Fact]
    public async Task An_update_from_a_stale_version_is_a_conflict_and_one_without_version_is_not()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var first = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"},"data":{"k":"1"}}""");
        await ns.PatchAsync("configmaps", "a", """{"data":{"k":"2"}}""");

        first["data"]!["k"] = "3";
        (await ns.Raw.PutAsync(ns["configmaps", "a"], first)).Refused(409, "Conflict").Message.ShouldContain("the object has been modified");

        first.Metadata.Remove("resourceVersion");
        (await ns.Raw.PutAsync(ns["configmaps", "a"], first)).Expect(200).At("data", "k").AsText().ShouldBe("3");
    }

    [Fact]
    public async Task An_update_with_another_uid_is_a_conflict()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        made.Metadata["uid"] = "11111111-2222-3333-4444-555555555555";
        (await ns.Raw.PutAsync(ns["configmaps", "a"], made)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task An_update_that_changes_nothing_keeps_the_version()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"},"data":{"k":"1"}}""");
        (await ns.Raw.PutAsync(ns["configmaps", "a"], made)).Expect(200).ResourceVersion.ShouldBe(made.ResourceVersion);
        (await ns.PatchAsync("configmaps", "a", """{"data":{"k":"1"}}""")).ResourceVersion.ShouldBe(made.ResourceVersion);
    }

    [Fact]
    public async Task An_update_must_name_what_the_path_names_and_what_exists()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        (await ns.Raw.PutAsync(ns["configmaps", "b"], made)).Refused(400, "BadRequest");
        (await ns.Raw.PutAsync(ns["configmaps", "b"], JsonNode.Parse("""{"metadata":{"name":"b"}}""")!.AsObject())).Refused(404, "NotFound");
        (await ns.Raw.PostAsync(ns["configmaps"], """{"metadata":{"name":"c","namespace":"default"}}""")).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task A_generated_name_has_the_prefix_and_five_characters_more()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            var made = await ns.CreateAsync("configmaps", """{"metadata":{"generateName":"job-"}}""");
            made.Name.ShouldMatch("^job-[a-z0-9]{5}$");
            made.At("metadata", "generateName").AsText().ShouldBe("job-");
            names.Add(made.Name).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task What_is_invalid_is_refused_with_every_cause()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.PostAsync(ns["configmaps"], """{"metadata":{"name":"Not_Valid"}}""")).Refused(422, "Invalid");
        (await ns.Raw.PostAsync(ns["configmaps"], """{"metadata":{}}""")).Refused(422, "Invalid").Message.ShouldContain("name or generateName is required");
        (await ns.Raw.PostAsync(ns["configmaps"], "{")).Refused(400, "BadRequest");

        var answer = (await ns.Raw.PostAsync(ns["pods"], """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a"},{"name":"a","image":"x","ports":[{"containerPort":70000}]}]}}""")).Refused(422, "Invalid");
        var causes = answer.Body.At("details", "causes").Objects().Select(c => $"{c.Text("reason")} {c.Text("field")}").ToList();
        causes.ShouldContain("FieldValueRequired spec.containers[0].image");
        causes.ShouldContain("FieldValueDuplicate spec.containers[1].name");
        causes.ShouldContain("FieldValueInvalid spec.containers[1].ports[0].containerPort");
    }

    [Fact]
    public async Task Nothing_is_made_in_a_namespace_that_is_not_there() =>
        (await cluster.Raw.PostAsync($"/api/v1/namespaces/none-{cluster.Mark}/configmaps", """{"metadata":{"name":"a"}}""")).Refused(404, "NotFound")
            .Message.ShouldBe($"namespaces \"none-{cluster.Mark}\" not found");

    [Fact]
    public async Task A_change_of_the_spec_raises_the_generation_and_one_of_the_metadata_does_not()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("deployments", Deployment(cluster));
        made.Generation.ShouldBe(1);
        (await ns.PatchAsync("deployments", "web", """{"metadata":{"labels":{"a":"b"}}}""")).Generation.ShouldBe(1);
        (await ns.PatchAsync("deployments", "web", """{"spec":{"minReadySeconds":1}}""")).Generation.ShouldBe(2);
    }

    [Fact]
    public async Task The_status_changes_through_its_subresource_only_and_the_subresource_changes_nothing_else()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("pods", """{"metadata":{"name":"p"},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"x:1"}]},"status":{"phase":"Running","message":"mine"}}""");
        made.At("status", "phase").AsText().ShouldBe("Pending");
        made.At("status", "message").ShouldBeNull();

        (await ns.PatchAsync("pods", "p", """{"status":{"message":"mine"}}""")).At("status", "message").ShouldBeNull();
        var changed = await ns.PatchAsync("pods", "p/status", """{"metadata":{"labels":{"no":"no"}},"spec":{"containers":[{"name":"a","image":"x:2"}]},"status":{"message":"mine"}}""");
        changed.At("status", "message").AsText().ShouldBe("mine");
        changed["spec"]!["containers"]![0]!["image"].AsText().ShouldBe("x:1");
    }

    [Fact]
    public async Task Defaults_are_filled_in()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var pod = await ns.CreateAsync("pods", """{"metadata":{"name":"p"},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"x"}]}}""");
        pod.At("spec", "restartPolicy").AsText().ShouldBe("Always");
        pod.At("spec", "dnsPolicy").AsText().ShouldBe("ClusterFirst");
        pod.At("spec", "terminationGracePeriodSeconds").AsLong().ShouldBe(30);
        pod.At("spec", "serviceAccountName").AsText().ShouldBe("default");
        pod["spec"]!["containers"]![0].At("imagePullPolicy").AsText().ShouldBe("Always");
        pod.At("status", "qosClass").AsText().ShouldBe("BestEffort");

        var deployment = await ns.CreateAsync("deployments", Deployment(cluster));
        deployment.At("spec", "replicas").AsLong().ShouldBe(1);
        deployment.At("spec", "revisionHistoryLimit").AsLong().ShouldBe(10);
        deployment.At("spec", "progressDeadlineSeconds").AsLong().ShouldBe(600);
        deployment.At("spec", "strategy", "rollingUpdate", "maxSurge").AsText().ShouldBe("25%");

        var service = await ns.CreateAsync("services", """{"metadata":{"name":"s"},"spec":{"selector":{"app":"a"},"ports":[{"port":80}]}}""");
        service.At("spec", "type").AsText().ShouldBe("ClusterIP");
        service["spec"]!["ports"]![0].At("targetPort").AsLong().ShouldBe(80);
        service["spec"]!["ports"]![0].At("protocol").AsText().ShouldBe("TCP");
        System.Net.IPAddress.TryParse(service.At("spec", "clusterIP").AsText(), out _).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_immutable_stays()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"},"immutable":true,"data":{"k":"1"}}""");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """{"data":{"k":"2"}}""")).Refused(422, "Invalid");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """{"immutable":false}""")).Refused(422, "Invalid");
        await ns.CreateAsync("deployments", Deployment(cluster));
        (await ns.Raw.PatchAsync(ns["deployments", "web"], """{"spec":{"selector":{"matchLabels":{"app":"web","x":"y"}},"template":{"metadata":{"labels":{"x":"y"}}}}}""")).Refused(422, "Invalid")
            .Message.ShouldContain("field is immutable");
        await ns.CreateAsync("services", """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}""");
        (await ns.Raw.PatchAsync(ns["services", "s"], """{"spec":{"clusterIP":"None"}}""")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task Text_of_a_secret_is_kept_as_data()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("secrets", """{"metadata":{"name":"s"},"data":{"a":"YQ=="},"stringData":{"a":"b","c":"d"}}""");
        made["stringData"].ShouldBeNull();
        made.At("data", "a").AsText().ShouldBe("Yg==");
        made.At("data", "c").AsText().ShouldBe("ZA==");
        made.Text("type").ShouldBe("Opaque");
        (await ns.Raw.PostAsync(ns["secrets"], """{"metadata":{"name":"t"},"data":{"a":"not base64!"}}""")).Refused(400, "BadRequest");
    }

    [Theory]
    [InlineData("Strict", 400)]
    [InlineData("Warn", 201)]
    [InlineData("Ignore", 201)]
    public async Task Unknown_and_repeated_fields_are_refused_warned_of_or_ignored(string validation, int code)
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var answer = await ns.Raw.PostAsync($"{ns["configmaps"]}?fieldValidation={validation}", """{"metadata":{"name":"a"},"dta":{},"data":{"k":"1","k":"2"}}""");
        answer.Code.ShouldBe(code, answer.Text);
        answer.Warnings.Any(w => w.Contains("unknown field \\\"dta\\\"", StringComparison.Ordinal)).ShouldBe(validation == "Warn");
        answer.Warnings.Any(w => w.Contains("duplicate field \\\"data.k\\\"", StringComparison.Ordinal)).ShouldBe(validation == "Warn");
        if (code == 201)
        {
            answer.Body["dta"].ShouldBeNull();
            answer.Body.At("data", "k").AsText().ShouldBe("2");
        }
    }

    [Fact]
    public async Task A_collection_is_deleted_by_selector()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        foreach (var (name, x) in new[] { ("a", 1), ("b", 1), ("c", 2) })
        {
            await ns.CreateAsync("secrets", $$$$"""{"metadata":{"name":"{{{{name}}}}","labels":{"x":"{{{{x}}}}"}}}""");
        }

        (await ns.Raw.DeleteAsync(ns["secrets"] + "?labelSelector=x%3D1")).Expect(200).Kind.ShouldBe("SecretList");
        (await ns.ListAsync("secrets")).Select(s => s.Name).ShouldBe(["c"]);
    }

    [Fact]
    public async Task Yaml_is_taken_and_given()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.PostAsync(ns["configmaps"], "metadata:\n  name: a\ndata:\n  k: \"1\"\n", "application/yaml")).Expect(201);
        var answer = await ns.Raw.GetAsync(ns["configmaps", "a"], "application/yaml");
        answer.Text.ShouldContain("kind: ConfigMap");
        answer.Text.ShouldContain("data:\n  k: ");
        (await ns.Raw.PostAsync(ns["configmaps"], "<a/>", "application/xml")).Refused(415, "UnsupportedMediaType");
    }

    internal static string Deployment(ConformanceCluster cluster, string extra = "\"paused\":true,") =>
        $$$"""{"metadata":{"name":"web"},"spec":{{{{extra}}}"selector":{"matchLabels":{"app":"web"}},"template":{{{cluster.Node.Template("web")}}}}}""";
}

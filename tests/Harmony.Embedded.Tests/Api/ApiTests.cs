using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api;

public sealed class ApiTests(EmbeddedServerFixture server) : IClassFixture<EmbeddedServerFixture>
{
    private static string ConfigMap(string name, string data = "1") =>
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"a":"{{{data}}}"}}""";

    [Fact]
    public async Task An_object_is_created_read_updated_patched_and_deleted()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        var (code, created) = await server.PostAsync(path, ConfigMap("m"));
        code.ShouldBe(201);
        var obj = created!.AsObject();
        obj.Uid.ShouldNotBeEmpty();
        obj.Namespace.ShouldBe(ns);

        obj["data"]!["a"] = "2";
        (code, var updated) = await server.SendAsync(HttpMethod.Put, $"{path}/m", obj.ToJsonString());
        code.ShouldBe(200);
        updated.At("data", "a").AsText().ShouldBe("2");
        updated!.AsObject().Uid.ShouldBe(obj.Uid);
        long.Parse(updated.AsObject().ResourceVersion).ShouldBeGreaterThan(long.Parse(obj.ResourceVersion));

        (code, var conflict) = await server.SendAsync(HttpMethod.Put, $"{path}/m", obj.ToJsonString());
        code.ShouldBe(409);
        conflict.At("reason").AsText().ShouldBe("Conflict");

        (code, var patched) = await server.SendAsync(HttpMethod.Patch, $"{path}/m", """{"data":{"b":"3"}}""", "application/merge-patch+json");
        code.ShouldBe(200);
        patched.At("data").AsTextMap().ShouldBe(new Dictionary<string, string> { ["a"] = "2", ["b"] = "3" }, ignoreOrder: true);

        (code, var read) = await server.GetAsync($"{path}/m");
        code.ShouldBe(200);
        JsonNode.DeepEquals(read, patched).ShouldBeTrue();

        (code, _) = await server.SendAsync(HttpMethod.Delete, $"{path}/m");
        code.ShouldBe(200);
        (code, _) = await server.GetAsync($"{path}/m");
        code.ShouldBe(404);
    }

    [Fact]
    public async Task A_change_that_changes_nothing_writes_nothing()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        var (_, created) = await server.PostAsync(path, ConfigMap("m"));
        var (code, patched) = await server.SendAsync(HttpMethod.Patch, $"{path}/m", """{"data":{"a":"1"}}""", "application/merge-patch+json");
        code.ShouldBe(200);
        patched!.AsObject().ResourceVersion.ShouldBe(created!.AsObject().ResourceVersion);
    }

    [Fact]
    public async Task Lists_select_by_label_and_field_and_come_in_pages()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        foreach (var name in (string[])["a", "b", "c"])
        {
            await server.PostAsync(path, $$$$"""{"metadata":{"name":"{{{{name}}}}","labels":{"l":"{{{{name}}}}"}}}""");
        }

        string[] Names(JsonNode? list) => [.. list.At("items").Objects().Select(o => o.Name)];
        Names((await server.GetAsync($"{path}?labelSelector=l%20in%20(a,c)")).Body).ShouldBe(["a", "c"]);
        Names((await server.GetAsync($"{path}?fieldSelector=metadata.name%3Db")).Body).ShouldBe(["b"]);
        var (_, page) = await server.GetAsync($"{path}?limit=2");
        Names(page).ShouldBe(["a", "b"]);
        page.At("metadata", "remainingItemCount").AsLong().ShouldBe(1);
        var (_, rest) = await server.GetAsync($"{path}?limit=2&continue={page.At("metadata", "continue").AsText()}");
        Names(rest).ShouldBe(["c"]);
        rest.At("metadata", "continue").ShouldBeNull();
        rest.At("metadata", "resourceVersion").AsText().ShouldBe(page.At("metadata", "resourceVersion").AsText());
    }

    [Fact]
    public async Task A_watch_from_a_list_sees_every_later_change_and_leaving_a_selection_as_deletion()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        var (_, list) = await server.GetAsync(path);
        await server.PostAsync(path, """{"metadata":{"name":"w","labels":{"on":"1"}}}""");
        await server.SendAsync(HttpMethod.Patch, $"{path}/w", """{"metadata":{"labels":null}}""", "application/merge-patch+json");
        var events = await server.WatchAsync($"{path}?watch=1&labelSelector=on%3D1&timeoutSeconds=1&resourceVersion={list.At("metadata", "resourceVersion").AsText()}");
        events.Select(e => e.Text("type")).ShouldBe(["ADDED", "DELETED"]);
        events[1].At("object", "metadata", "labels", "on").AsText().ShouldBe("1");
    }

    [Fact]
    public async Task Who_has_no_credentials_may_ask_for_health_and_nothing_else()
    {
        using var nobody = EmbeddedServerFixture.NewClient(server.Options, withCertificate: false);
        ((int)(await nobody.GetAsync("/livez", TestContext.Current.CancellationToken)).StatusCode).ShouldBe(200);
        ((int)(await nobody.GetAsync("/version", TestContext.Current.CancellationToken)).StatusCode).ShouldBe(200);
        ((int)(await nobody.GetAsync("/api/v1/namespaces", TestContext.Current.CancellationToken)).StatusCode).ShouldBe(401);
        using var wrong = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces");
        wrong.Headers.Authorization = new("Bearer", "a.b.c");
        ((int)(await nobody.SendAsync(wrong, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task A_service_accounts_token_opens_the_API_until_the_account_is_gone()
    {
        var ns = await server.NewNamespaceAsync();
        var account = $"/api/v1/namespaces/{ns}/serviceaccounts/default";
        var (code, answer) = await server.PostAsync($"{account}/token", """{"spec":{}}""");
        code.ShouldBe(201);
        using var client = EmbeddedServerFixture.NewClient(server.Options, withCertificate: false);
        client.DefaultRequestHeaders.Authorization = new("Bearer", answer.At("status", "token").AsText());
        ((int)(await client.GetAsync("/api/v1/namespaces", TestContext.Current.CancellationToken)).StatusCode).ShouldBe(200);
        await server.SendAsync(HttpMethod.Delete, account);
        ((int)(await client.GetAsync("/api/v1/namespaces", TestContext.Current.CancellationToken)).StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var ns = await server.NewNamespaceAsync();
        var (code, status) = await server.PostAsync($"/api/v1/namespaces/{ns}/configmaps", ConfigMap("big", new string('x', 4 * 1024 * 1024)));
        code.ShouldBe(413);
        status.At("reason").AsText().ShouldBe("RequestEntityTooLarge");
    }

    [Fact]
    public async Task A_service_gets_an_address_of_the_range_keeps_it_and_gives_it_back()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/services";
        const string Service = """{"metadata":{"name":"NAME"},"spec":{"clusterIP":"10.96.77.7","type":"NodePort","ports":[{"port":80,"nodePort":31999,"protocol":"TCP","targetPort":80}]}}""";
        var (code, created) = await server.PostAsync(path, Service.Replace("NAME", "one"));
        code.ShouldBe(201);
        created.At("spec", "clusterIPs").Items().Single().AsText().ShouldBe("10.96.77.7");
        (code, var taken) = await server.PostAsync(path, Service.Replace("NAME", "two"));
        code.ShouldBe(422);
        taken.At("message").AsText()!.ShouldContain("provided IP is already allocated");
        (await server.SendAsync(HttpMethod.Delete, $"{path}/one")).Code.ShouldBe(200);
        (await server.PostAsync(path, Service.Replace("NAME", "two"))).Code.ShouldBe(201);
    }

    [Fact]
    public async Task Everything_acknowledged_is_there_after_a_restart_and_no_version_is_used_twice()
    {
        await using var own = new EmbeddedServerFixture();
        await own.InitializeAsync();
        var ns = await own.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        var (_, before) = await own.PostAsync(path, ConfigMap("m"));
        var address = own.Server.Address;
        await own.RestartAsync();
        own.Server.Address.ShouldBe(address);
        var (code, after) = await own.GetAsync($"{path}/m");
        code.ShouldBe(200);
        JsonNode.DeepEquals(before, after).ShouldBeTrue();
        var (_, next) = await own.PostAsync(path, ConfigMap("n"));
        long.Parse(next!.AsObject().ResourceVersion).ShouldBeGreaterThan(long.Parse(before!.AsObject().ResourceVersion) + 500);
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_told_so()
    {
        var error = await Should.ThrowAsync<EmbeddedException>(() => EmbeddedServer.StartAsync(server.Options, TestContext.Current.CancellationToken));
        error.Code.ShouldBe(EmbeddedError.AlreadyRunning);
    }
}

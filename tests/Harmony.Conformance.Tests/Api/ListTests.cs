using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

/// <summary>Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks.</summary>
public sealed class ListTests(ConformanceCluster cluster)
{
    [Theory]
    [InlineData("tier=web", "a b")]
    [InlineData("tier==web,env!=prod", "b")]
    [InlineData("tier!=web", "c d")]
    [InlineData("env in (prod,test)", "a c")]
    [InlineData("env notin (prod)", "b c d")]
    [InlineData("env", "a c")]
    [InlineData("!env", "b d")]
    [InlineData("tier in (web),env", "a")]
    [InlineData("", "a b c d")]
    public async Task Labels_select(string selector, string expected)
    {
        await using var ns = await NewAsync();
        (await ns.ListAsync("secrets", "?labelSelector=" + Uri.EscapeDataString(selector))).Select(s => s.Name).ShouldBe(expected.Split(' '));
    }

    [Theory]
    [InlineData("metadata.name=a", "a")]
    [InlineData("metadata.name!=a,type=Opaque", "b c d")]
    [InlineData("type=other", "")]
    public async Task Fields_select(string selector, string expected)
    {
        await using var ns = await NewAsync();
        (await ns.ListAsync("secrets", "?fieldSelector=" + Uri.EscapeDataString(selector))).Select(s => s.Name).ShouldBe(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Pods_are_selected_by_their_node_and_phase()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("pods", cluster.Node.PodOf("on", "a"));
        await ns.CreateAsync("pods", """{"metadata":{"name":"off"},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"x"}]}}""");
        await ns.UntilListAsync("pods", l => l.Count == 1 && l[0].Name == "on", $"?fieldSelector=spec.nodeName%3D{cluster.Node.Name},status.phase%3DRunning");
        (await ns.ListAsync("pods", "?fieldSelector=status.phase%3DPending")).Select(p => p.Name).ShouldBe(["off"]);
    }

    [Theory]
    [InlineData("?labelSelector=a%3D%3D%3Db")]
    [InlineData("?labelSelector=a%20in%20b")]
    [InlineData("?fieldSelector=spec.nope%3Dx")]
    [InlineData("?continue=zzz")]
    public async Task A_malformed_question_is_refused(string query)
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.GetAsync(ns["pods"] + query)).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task A_list_comes_in_pages_of_one_version()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        for (var i = 0; i < 7; i++)
        {
            await ns.CreateAsync("secrets", $$$"""{"metadata":{"name":"s{{{i}}}"}}""");
        }

        var names = new List<string>();
        var versions = new HashSet<string>(StringComparer.Ordinal);
        var remaining = new List<long?>();
        var next = "";
        do
        {
            var page = (await ns.Raw.GetAsync($"{ns["secrets"]}?limit=3&continue={Uri.EscapeDataString(next)}")).Expect(200);
            page.Kind.ShouldBe("SecretList");
            names.AddRange(page["items"].Objects().Select(o => o.Name));
            versions.Add(page.ResourceVersion);
            remaining.Add(page.At("metadata", "remainingItemCount").AsLong());
            next = page.At("metadata", "continue").AsText() ?? "";
            if (names.Count == 3)
            {
                // What comes after the first page was read is of another version.
                await ns.CreateAsync("secrets", """{"metadata":{"name":"s9"}}""");
            }
        }
        while (next.Length > 0);

        names.ShouldBe(["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
        versions.Count.ShouldBe(1);
        remaining.ShouldBe([4, 1, null]);
    }

    [Fact]
    public async Task Items_of_a_list_do_not_say_their_kind()
    {
        await using var ns = await NewAsync();
        var list = (await ns.Raw.GetAsync(ns["secrets"])).Expect(200);
        list.Kind.ShouldBe("SecretList");
        list.ApiVersion.ShouldBe("v1");
        list["items"].Objects().ShouldAllBe(o => o["kind"] == null && o["apiVersion"] == null);
        (await ns.Raw.GetAsync(ns["podtemplates"])).Expect(200)["items"].Items().ShouldBeEmpty();
    }

    [Fact]
    public async Task Lists_span_namespaces()
    {
        await using var one = await cluster.NewNamespaceAsync();
        await using var two = await cluster.NewNamespaceAsync();
        foreach (var ns in new[] { one, two })
        {
            await ns.CreateAsync("secrets", $$$$"""{"metadata":{"name":"a","labels":{"both":"{{{{one.Name}}}}"}}}""");
        }

        var found = (await cluster.Raw.GetAsync($"/api/v1/secrets?labelSelector=both%3D{one.Name}")).Expect(200)["items"].Objects().Select(o => o.Namespace);
        found.ShouldBe(new[] { one.Name, two.Name }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_list_at_least_as_new_as_a_version_has_what_was_made_at_it()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        var list = (await ns.Raw.GetAsync($"{ns["secrets"]}?resourceVersion={made.ResourceVersion}&resourceVersionMatch=NotOlderThan")).Expect(200);
        list["items"].Objects().Select(o => o.Name).ShouldBe(["a"]);
        (await ns.Raw.GetAsync($"{ns["secrets"]}?resourceVersionMatch=NotOlderThan")).Refused(422, "Invalid");
        (await ns.Raw.GetAsync($"{ns["secrets"]}?resourceVersion=abc")).Code.ShouldBeOneOf(400, 500);
    }

    [Fact]
    public async Task Metadata_alone_is_given_where_it_is_asked_for()
    {
        await using var ns = await NewAsync();
        var list = (await ns.Raw.GetAsync(ns["secrets"], "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")).Expect(200);
        list.Kind.ShouldBe("PartialObjectMetadataList");
        list["items"].Objects().Select(o => o["type"] is null ? o.Kind : "with a type").Distinct().ShouldBe(["PartialObjectMetadata"]);
        var one = (await ns.Raw.GetAsync(ns["secrets", "a"], "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")).Expect(200);
        one.Kind.ShouldBe("PartialObjectMetadata");
        one.Name.ShouldBe("a");
        one["type"].ShouldBeNull();
    }

    private async Task<TestNamespace> NewAsync()
    {
        var ns = await cluster.NewNamespaceAsync();
        foreach (var (name, labels) in new[] { ("a", """{"tier":"web","env":"prod"}"""), ("b", """{"tier":"web"}"""), ("c", """{"tier":"db","env":"test"}"""), ("d", "{}") })
        {
            await ns.CreateAsync("secrets", $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}}}}""");
        }

        return ns;
    }
}

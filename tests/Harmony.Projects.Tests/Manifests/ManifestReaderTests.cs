using System.Globalization;
using System.Text;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Tests.Manifests;

public sealed class ManifestReaderTests : IDisposable
{
    private readonly ProjectFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_object_of_every_file_is_found_in_the_order_of_paths_with_its_line()
    {
        folder.Write("b.json", """{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}""");
        folder.Write("a/one.yml", "# first\n---\n" + ProjectFolder.ConfigMap + "---\n# only a comment\n---\n" + ProjectFolder.ConfigMap.Replace("settings", "more", StringComparison.Ordinal));

        var project = await folder.LoadAsync();

        project.Kind.ShouldBe("Kubernetes manifests");
        project.Objects.Select(o => $"{o.Location} {o.Json.Kind}/{o.Json.Name}").ShouldBe(
            ["a/one.yml:3 ConfigMap/settings", "a/one.yml:10 ConfigMap/more", "b.json:1 Secret/s"]);
    }

    [Fact]
    public async Task Lists_are_taken_apart_each_item_with_its_own_line()
    {
        folder.Write("list.yaml", """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: ConfigMap
              metadata:
                name: a
            - apiVersion: v1
              kind: ConfigMapList
              items:
              - metadata:
                  name: b
            """);

        var project = await folder.LoadAsync();

        project.Objects.Select(o => $"{o.Location} {o.Json.ApiVersion} {o.Json.Kind}/{o.Json.Name}").ShouldBe(
            ["list.yaml:4 v1 ConfigMap/a", "list.yaml:11 v1 ConfigMap/b"]);
    }

    [Theory]
    [InlineData("kind: ConfigMap\nmetadata:\n  name: x\n", "a.yaml:1: this object has a kind but no apiVersion")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\n", "a.yaml:1: this ConfigMap has no metadata")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n", "a.yaml:4: this ConfigMap has no metadata.name")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 12\n", "a.yaml:4: metadata.name of this ConfigMap is not text")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a/../b\n", "a.yaml:4: metadata.name of this ConfigMap cannot be a name")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: true\n", "a.yaml:5: metadata.namespace of this ConfigMap is not text")]
    [InlineData("apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: x-\n", "a.yaml:4: this Job has a generateName")]
    [InlineData("apiVersion: v1\nkind: List\nitems:\n- 7\n", "a.yaml:4: item 1 of this List is no object")]
    [InlineData(ProjectFolder.ConfigMap + "---\nkind: Secret\n", "a.yaml:6: this object has no apiVersion")]
    [InlineData(ProjectFolder.ConfigMap + "---\n- 1\n", "a.yaml:6: this document is no Kubernetes object")]
    public async Task An_incomplete_object_is_named_by_file_and_line(string text, string message)
    {
        folder.Write("a.yaml", text);

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Invalid);
        error.Message.ShouldStartWith(message);
        error.Location!.File.ShouldBe("a.yaml");
        error.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Malformed_YAML_is_named_by_file_line_and_column()
    {
        folder.Write("sub/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [x\n");

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Malformed);
        error.Message.ShouldMatch(@"^sub/a\.yaml:\d+:\d+: ");
    }

    [Fact]
    public async Task What_is_YAML_or_JSON_for_something_else_is_left_out_when_there_are_manifests()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap);
        folder.Write("mkdocs.yml", "site_name: x\n");
        folder.Write("tsconfig.json", "{ \"a\": @b }");
        folder.Write("config/kind.yaml", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n");
        folder.Write("package.json", "{}");

        var project = await folder.LoadAsync();

        project.Objects.Count.ShouldBe(1);
        project.Notes.Select(n => n.Split(' ')[0]).ShouldBe(["config/kind.yaml:1", "mkdocs.yml", "tsconfig.json"]);
    }

    [Fact]
    public async Task A_folder_whose_only_YAML_is_broken_says_so()
    {
        folder.Write("a.yaml", "a: [\n");

        (await folder.FailAsync()).Code.ShouldBe(ProjectError.Malformed);
    }

    [Fact]
    public async Task Twice_the_same_object_is_refused_with_both_places()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap);
        folder.Write("b.yaml", "\n" + ProjectFolder.ConfigMap);

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Duplicate);
        error.Message.ShouldContain("a.yaml:1");
        error.Message.ShouldContain("b.yaml:2");
    }

    [Fact]
    public async Task The_same_name_in_another_namespace_or_kind_is_another_object()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap + "  namespace: other\n---\n" + ProjectFolder.ConfigMap
            + "---\n" + ProjectFolder.ConfigMap.Replace("ConfigMap", "Secret", StringComparison.Ordinal));

        (await folder.LoadAsync()).Objects.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_file_of_100_MB_is_refused_without_reading_it()
    {
        await using (var stream = new FileStream(folder.Write("a.yaml", ""), FileMode.Open))
        {
            stream.SetLength(100_000_000);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.TooLarge);
        error.Message.ShouldContain("100 MB");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10_000_000);
    }

    [Fact]
    public async Task A_large_JSON_file_of_data_does_not_keep_manifests_from_running()
    {
        await using (var stream = new FileStream(folder.Write("data.json", ""), FileMode.Open))
        {
            stream.SetLength(100_000_000);
        }

        folder.Write("a.yaml", ProjectFolder.ConfigMap);

        (await folder.LoadAsync()).Notes.ShouldContain(n => n.StartsWith("data.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_alias_bomb_is_refused()
    {
        var bomb = new StringBuilder(ProjectFolder.ConfigMap + "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 12; i++)
        {
            bomb.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        folder.Write("a.yaml", bomb.ToString());

        (await folder.FailAsync()).Code.ShouldBe(ProjectError.TooLarge);
    }

    [Theory]
    [InlineData("a.yaml")]
    [InlineData("a.json")]
    public async Task Nesting_deeper_than_a_hundred_levels_is_refused(string file)
    {
        folder.Write(file, """{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": """ + new string('[', 100_000) + new string(']', 100_000) + "}");

        (await folder.FailAsync()).Code.ShouldBe(ProjectError.TooDeep);
    }

    [Fact]
    public async Task Text_that_is_not_UTF_8_is_named_by_its_line()
    {
        folder.Write("a.yaml", [.. Encoding.UTF8.GetBytes(ProjectFolder.ConfigMap + "# caf"), 0xE9, 0x0A]);

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Malformed);
        error.Message.ShouldStartWith("a.yaml:5: the file is not UTF-8");
    }

    [Fact]
    public async Task UTF_16_with_its_mark_is_read_as_YAML_allows()
    {
        folder.Write("a.yaml", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(ProjectFolder.ConfigMap)]);

        (await folder.LoadAsync()).Objects.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_file_without_objects_is_an_error_when_it_was_named()
    {
        folder.Write("a.yaml", "just: data\n");

        (await folder.FailAsync("a.yaml")).Code.ShouldBe(ProjectError.NothingToRun);
    }

    [Fact]
    public async Task A_single_file_is_a_project()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap);
        folder.Write("broken.yaml", "kind: [\napiVersion: v1");

        (await folder.LoadAsync("a.yaml")).Objects.Single().Location.ToString().ShouldBe("a.yaml:1");
    }
}

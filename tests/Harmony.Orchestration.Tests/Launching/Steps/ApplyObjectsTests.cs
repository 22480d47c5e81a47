using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Tests.Fakes;
using Harmony.Projects;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class ApplyObjectsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly RecordingObserver observer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<AppliedObjects> RunAsync(params string[] objects) => time.PassUntilAsync(new ApplyObjects(time).RunAsync(cluster, Project(objects), "shop", observer, Cancellation));

    private static Project Project(params string[] objects) => new()
    {
        Name = "shop",
        Source = "/src/shop",
        Kind = "Kubernetes manifests",
        Objects = [.. objects.Select((o, i) => new ProjectObject(Trees.Parse(o), new("shop.yaml", (10 * i) + 1)))],
    };

    private static string ConfigMap(string name, string value = "a") => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"key":"{{{value}}}"} }""";

    [Fact]
    public async Task Objects_come_back_in_the_order_of_the_files_with_their_namespaces()
    {
        var applied = await RunAsync(ConfigMap("b"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"other"},"spec":{}}""");

        applied.Objects.Select(o => o.ToString()).ShouldBe(["ConfigMap/b", "Service/a"]);
        applied.Namespaces.ShouldBe(["other", "shop"], ignoreOrder: true);
        applied.Services.ShouldHaveSingleItem().Name.ShouldBe("a");
        applied.Summary.Created.ShouldBe(2);
        observer.Lines.ShouldContain("Apply done: 2 created");
    }

    [Fact]
    public async Task A_refusal_names_the_file_and_line_of_every_object_refused()
    {
        cluster.Refusal = (verb, kind, name) => verb == "apply" && kind == "ConfigMap" ? new(KubernetesError.Invalid, $"{name} is no good", "Write it better.") : null;

        var error = await Should.ThrowAsync<LaunchException>(RunAsync(ConfigMap("one"), ConfigMap("two")));

        error.Message.ShouldBe("shop.yaml:11: ConfigMap/two: two is no good\nshop.yaml:1: ConfigMap/one: one is no good");
        error.Hint.ShouldBe("Write it better.");
        error.Code.ShouldBe(LaunchError.ApplyFailed);
    }

    [Fact]
    public async Task A_hundred_refusals_are_cut_to_what_can_be_read()
    {
        cluster.Refusal = (verb, kind, _) => verb == "apply" && kind == "ConfigMap" ? new(KubernetesError.Invalid, "no good") : null;

        var error = await Should.ThrowAsync<LaunchException>(RunAsync([.. Enumerable.Range(0, 100).Select(i => ConfigMap($"c{i}"))]));

        error.Message.Split('\n').Length.ShouldBe(21);
        error.Message.ShouldEndWith("and 80 more");
    }

    [Fact]
    public async Task Warnings_of_the_server_are_notes_with_the_line_they_are_about()
    {
        cluster.Warnings["two"] = "unknown field \"dta\"";

        await RunAsync(ConfigMap("one"), ConfigMap("two"));

        observer.Notes.ShouldBe(["shop.yaml:11: unknown field \"dta\""]);
    }

    [Fact]
    public async Task Of_two_objects_with_one_name_the_warning_is_about_the_one_in_its_namespace()
    {
        cluster.Warnings["one"] = "look out";

        await RunAsync("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","namespace":"other"}}""", ConfigMap("one"));

        observer.Notes.ShouldBe(["shop.yaml:1: look out", "shop.yaml:11: look out"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_must_be_replaced_is_said_before_it_is_done()
    {
        const string job = """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"import"},"spec":{"template":{"image":"NEW"}}}""";
        await RunAsync(job.Replace("NEW", "old", StringComparison.Ordinal));
        cluster.Refusal = (verb, kind, name) => verb == "apply" && kind == "Job" && cluster.Find(kind, name) is not null
            ? new(KubernetesError.Invalid, "spec.template: field is immutable") { HttpStatus = 422 } : null;

        var applied = await RunAsync(job);

        observer.Notes.ShouldBe(["Job/import is replaced: spec.template: field is immutable"]);
        applied.Summary.Replaced.ShouldBe(1);
        cluster.Find("Job", "import")!.At("spec", "template", "image").AsText().ShouldBe("NEW");
    }

    [Fact]
    public async Task What_left_the_project_is_removed_but_data_stays_and_is_named()
    {
        const string claim = """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{}}""";
        await RunAsync(ConfigMap("old"), ConfigMap("new"), claim);

        var applied = await RunAsync(ConfigMap("new"));

        applied.Summary.ToString().ShouldBe("1 unchanged, 1 removed");
        cluster.Find("ConfigMap", "old").ShouldBeNull();
        cluster.Find("PersistentVolumeClaim", "data").ShouldNotBeNull();
        observer.Notes.ShouldHaveSingleItem().ShouldStartWith("PersistentVolumeClaim/data is no longer part of the project but stays");
    }
}

using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Tests.Fakes;

namespace Harmony.Orchestration.Tests.Deployment;

public sealed class ProjectInspectionTests : IAsyncLifetime
{
    private readonly FakeHome home = new();
    private readonly ProjectRecord record;

    public ProjectInspectionTests() => record = new() { Name = "shop", Namespace = "shop", Source = "/src/shop", Runtime = "embedded", Kubeconfig = home.Kubeconfig, Objects = 1 };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    private Task<ProjectReport> LookAsync(ProjectRecord? other = null) => home.Inspection.RunAsync(other ?? record, TestContext.Current.CancellationToken);

    private void PutOwn(System.Text.Json.Nodes.JsonObject obj)
    {
        obj.Metadata.Child("labels")[ApplySet.PartOf] = ProjectSet.Of("shop", "shop").Id;
        home.Cluster.Put(obj);
    }

    [Fact]
    public async Task A_project_whose_workloads_are_ready_works()
    {
        home.Cluster.PutWorking("web");
        PutOwn(Trees.Deployment("web"));

        var report = await LookAsync();

        report.Works.ShouldBeTrue();
        report.Workloads.ShouldHaveSingleItem().Workload.Name.ShouldBe("web");
    }

    [Fact]
    public async Task What_others_have_in_the_namespace_is_not_of_the_project()
    {
        home.Cluster.Put(Trees.Deployment("foreign", ready: 0));

        (await LookAsync()).Workloads.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_Service_of_a_workload_that_is_scaled_to_zero_is_no_fault()
    {
        var idle = Trees.Deployment("idle", ready: 0);
        idle["spec"]!["replicas"] = 0;
        idle["status"] = Trees.Parse("""{"observedGeneration":1}""");
        PutOwn(idle);
        PutOwn(Trees.Service("idle"));

        var report = await LookAsync();

        report.Findings.ShouldBeEmpty();
        report.Works.ShouldBeTrue();
    }

    [Fact]
    public async Task A_Service_that_leads_nowhere_is_a_finding()
    {
        PutOwn(Trees.Service("web"));

        var report = await LookAsync();

        report.Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.NoEndpoints);
        report.Works.ShouldBeFalse();
    }

    [Fact]
    public async Task Other_namespaces_of_the_project_are_looked_at_too()
    {
        PutOwn(Trees.Deployment("jobs", ready: 0, ns: "back"));

        (await LookAsync(record with { Namespaces = ["back", "shop"] })).Workloads.ShouldHaveSingleItem().Workload.Namespace.ShouldBe("back");
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_said_not_thrown()
    {
        home.Cluster.Refusal = (_, _, _) => new(KubernetesError.Unreachable, "the cluster does not answer");

        var report = await LookAsync();

        report.Unreachable.ShouldBe("the cluster does not answer");
        report.Works.ShouldBeFalse();
    }

    [Fact]
    public async Task A_launch_that_got_nowhere_does_not_work() => (await LookAsync(record with { Objects = 0 })).Works.ShouldBeFalse();

    [Fact]
    public async Task A_port_that_nobody_serves_is_a_fault()
    {
        var report = await LookAsync(record with { Ports = [new("shop", "web", 80, 8080)] });

        report.PortFaults.ShouldHaveSingleItem().Value.ShouldContain("harmony up serves it again");
        report.Works.ShouldBeFalse();
    }
}

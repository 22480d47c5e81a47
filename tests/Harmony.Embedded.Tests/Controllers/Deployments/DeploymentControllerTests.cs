using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Deployments;

public sealed class DeploymentControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_new_deployment_becomes_available_and_says_so()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 3);

        await bed.UntilAsync(() => Web.Condition("Progressing")?.Text("reason") == "NewReplicaSetAvailable");

        var set = bed.List(BuiltInResources.ReplicaSets).ShouldHaveSingleItem();
        Web.Annotation("deployment.kubernetes.io/revision").ShouldBe("1");
        set.Annotation("deployment.kubernetes.io/desired-replicas").ShouldBe("3");
        set.Annotation("deployment.kubernetes.io/max-replicas").ShouldBe("4");
        set.Label("pod-template-hash").ShouldBe(set.Name["web-".Length..]);
        Web.Condition("Available")!.Text("reason").ShouldBe("MinimumReplicasAvailable");
        Web.Condition("Progressing")!.Text("message").ShouldBe($"ReplicaSet \"{set.Name}\" has successfully progressed.");
        Web.At("status", "availableReplicas").AsLong().ShouldBe(3);
        Web.At("status", "unavailableReplicas").ShouldBeNull();
        await bed.UntilAsync(() => bed.Events("ScalingReplicaSet").Contains($"Scaled up replica set {set.Name} from 0 to 3"));
        var pods = bed.List(BuiltInResources.Pods);
        pods.Count.ShouldBe(3);
        pods.All(p => p.Name.StartsWith(set.Name + "-", StringComparison.Ordinal) && p.Label("pod-template-hash") == set.Label("pod-template-hash")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_changed_template_replaces_the_pods_within_surge_and_unavailability_and_going_back_reuses_the_old_revision()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 4);
        await UntilRolledOutAsync();
        var first = bed.List(BuiltInResources.ReplicaSets).Single();
        var most = 0L;
        bed.Outcome = _ =>
        {
            most = Math.Max(most, bed.List(BuiltInResources.ReplicaSets).Sum(r => r.At("spec", "replicas").AsLong() ?? 0));
            return "Running";
        };

        await SetImageAsync("web:2");
        await UntilRolledOutAsync();

        most.ShouldBe(5);
        Images.ShouldBe(["web:2"]);
        Web.Annotation("deployment.kubernetes.io/revision").ShouldBe("2");
        bed.Get(BuiltInResources.ReplicaSets, first.Name)!.At("spec", "replicas").AsLong().ShouldBe(0);

        await SetImageAsync("web:1");
        await UntilRolledOutAsync();

        var back = bed.Get(BuiltInResources.ReplicaSets, first.Name)!;
        back.At("spec", "replicas").AsLong().ShouldBe(4);
        back.Annotation("deployment.kubernetes.io/revision").ShouldBe("3");
        back.Annotation("deployment.kubernetes.io/revision-history").ShouldBe("1");
        bed.List(BuiltInResources.ReplicaSets).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_rollout_that_gets_nowhere_keeps_the_old_pods_and_fails_at_its_deadline()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 2, extra: "\"progressDeadlineSeconds\":30,");
        await UntilRolledOutAsync();

        bed.Outcome = _ => null;
        await SetImageAsync("web:broken");
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 3 && Web.At("status", "unavailableReplicas").AsLong() == 1);
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(20), () => Web.Condition("Progressing")?.Text("reason") == "ProgressDeadlineExceeded");
        Web.Condition("Progressing")!.Text("message")!.ShouldEndWith("has timed out progressing.");
        Web.Condition("Available")!.Text("status").ShouldBe("True");
        Web.At("status", "availableReplicas").AsLong().ShouldBe(2);
    }

    [Fact]
    public async Task Scaling_changes_the_present_revision_only()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 1);
        await UntilRolledOutAsync();

        await bed.ChangeAsync(BuiltInResources.Deployments, "web", d => d.Child("spec")["replicas"] = 3);
        await bed.UntilAsync(() => Web.At("status", "availableReplicas").AsLong() == 3);
        await bed.ChangeAsync(BuiltInResources.Deployments, "web", d => d.Child("spec")["replicas"] = 0);
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 0 && Web.At("status", "replicas") is null);

        Web.Annotation("deployment.kubernetes.io/revision").ShouldBe("1");
    }

    [Fact]
    public async Task A_paused_deployment_rolls_nothing_out_until_it_is_resumed()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 1);
        await UntilRolledOutAsync();

        await bed.ChangeAsync(BuiltInResources.Deployments, "web", d => d.Child("spec")["paused"] = true);
        await SetImageAsync("web:2");
        await bed.UntilAsync(() => Web.Condition("Progressing")?.Text("reason") == "DeploymentPaused" && IsObserved);
        bed.List(BuiltInResources.ReplicaSets).Count.ShouldBe(1);

        await bed.ChangeAsync(BuiltInResources.Deployments, "web", d => d.Child("spec").Remove("paused"));
        await UntilRolledOutAsync();
        bed.List(BuiltInResources.ReplicaSets).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Recreate_ends_the_old_pods_before_it_starts_new_ones()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 2, extra: "\"progressDeadlineSeconds\":600,\"strategy\":{\"type\":\"Recreate\"},");
        await UntilRolledOutAsync();
        var together = false;
        bed.Outcome = _ =>
        {
            together |= bed.List(BuiltInResources.Pods).Select(p => p.Label("pod-template-hash")).Distinct().Count() > 1;
            return "Running";
        };

        await SetImageAsync("web:2");
        await UntilRolledOutAsync();

        together.ShouldBeFalse();
        Images.ShouldBe(["web:2"]);
    }

    [Fact]
    public async Task Old_revisions_beyond_the_limit_are_forgotten()
    {
        await bed.AddNodeAsync();
        await DeployAsync(replicas: 1, extra: "\"progressDeadlineSeconds\":600,\"revisionHistoryLimit\":1,");
        foreach (var image in (string[])["web:2", "web:3", "web:4"])
        {
            await UntilRolledOutAsync();
            await SetImageAsync(image);
        }

        await UntilRolledOutAsync();
        await bed.UntilAsync(() => bed.List(BuiltInResources.ReplicaSets).Count == 2);
        Web.Annotation("deployment.kubernetes.io/revision").ShouldBe("4");
    }

    [Fact]
    public async Task What_admission_refuses_is_told_on_the_deployment_and_tried_again()
    {
        await bed.AddNodeAsync();
        var quota = true;
        bed.Cluster.Refuse = (resource, pod) => resource == BuiltInResources.Pods && quota
            ? new ApiException(403, "Forbidden", $"pods \"{pod.Name}\" is forbidden: exceeded quota: small")
            : null;
        await DeployAsync(replicas: 2);

        await bed.UntilAsync(() => Web.Condition("ReplicaFailure")?.Text("reason") == "FailedCreate");
        Web.Condition("ReplicaFailure")!.Text("message")!.ShouldEndWith("is forbidden: exceeded quota: small");
        await bed.UntilAsync(() => bed.Events("FailedCreate").Any(m => m.StartsWith("Error creating: pods \"web-", StringComparison.Ordinal)));

        quota = false;
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => Web.At("status", "availableReplicas").AsLong() == 2);
        await UntilRolledOutAsync();
        Web.Condition("ReplicaFailure").ShouldBeNull();
    }

    private JsonObject Web => bed.Get(BuiltInResources.Deployments, "web")!;

    private IEnumerable<string?> Images => bed.List(BuiltInResources.Pods).Where(p => p.IsActive)
        .Select(p => p.At("spec", "containers").Objects().First().Text("image")).Distinct(StringComparer.Ordinal);

    private bool IsObserved => Web.At("status", "observedGeneration").AsLong() == Web.Generation;

    private Task UntilRolledOutAsync() => bed.UntilAsync(() =>
        IsObserved && Web.Condition("Progressing")?.Text("reason") == "NewReplicaSetAvailable"
        && Web.At("status", "updatedReplicas").AsLong() == Web.At("spec", "replicas").AsLong()
        && Web.At("status", "replicas").AsLong() == Web.At("spec", "replicas").AsLong()
        && bed.List(BuiltInResources.Pods).All(p => !p.IsBeingDeleted));

    private Task SetImageAsync(string image) => bed.ChangeAsync(
        BuiltInResources.Deployments, "web", d => d.At("spec", "template", "spec", "containers").Objects().First()["image"] = image);

    private Task DeployAsync(int replicas, string extra = "\"progressDeadlineSeconds\":600,\"revisionHistoryLimit\":10,") => bed.CreateAsync(BuiltInResources.Deployments, $$$$$"""
        {"metadata":{"name":"web"},"spec":{{{{{{extra}}}}}"replicas":{{{{{replicas}}}}},"selector":{"matchLabels":{"app":"web"}},
         "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}
        """);
}

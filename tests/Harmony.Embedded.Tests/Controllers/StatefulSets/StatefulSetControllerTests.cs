using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.StatefulSets;

public sealed class StatefulSetControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task Pods_come_one_after_the_other_with_names_and_claims_of_their_own()
    {
        await PrepareAsync();
        bed.Outcome = _ => null;
        await CreateAsync(replicas: 2);
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Pods, "db-0")?.NodeName is not null);
        bed.Get(BuiltInResources.Pods, "db-1").ShouldBeNull();

        bed.Outcome = _ => "Running";
        await bed.SetPhaseAsync("db-0", "Running");
        await bed.UntilAsync(() => Db.At("status", "readyReplicas").AsLong() == 2 && Db.At("status", "availableReplicas").AsLong() == 2);

        var pod = bed.Get(BuiltInResources.Pods, "db-1")!;
        pod.At("spec", "hostname").AsText().ShouldBe("db-1");
        pod.At("spec", "subdomain").AsText().ShouldBe("db");
        pod.Label("apps.kubernetes.io/pod-index").ShouldBe("1");
        pod.Label("statefulset.kubernetes.io/pod-name").ShouldBe("db-1");
        pod.Label("controller-revision-hash").ShouldBe(Db.At("status", "updateRevision").AsText());
        pod.At("spec", "volumes").Objects().Single().At("persistentVolumeClaim", "claimName").AsText().ShouldBe("data-db-1");
        var claim = bed.Get(BuiltInResources.PersistentVolumeClaims, "data-db-1")!;
        claim.At("status", "phase").AsText().ShouldBe("Bound");
        claim.Label("app").ShouldBe("db");
        Db.At("status", "currentRevision").AsText().ShouldBe(Db.At("status", "updateRevision").AsText());
        await bed.UntilAsync(() => bed.Events("SuccessfulCreate").Contains("Create Claim data-db-1 Pod db-1 in StatefulSet db success"));
        bed.Events("SuccessfulCreate").ShouldContain("Create Pod db-0 in StatefulSet db successful");
    }

    [Fact]
    public async Task An_update_replaces_the_pods_from_the_last_to_the_first_down_to_the_partition_and_keeps_their_claims()
    {
        await PrepareAsync();
        await CreateAsync(replicas: 3);
        await bed.UntilAsync(() => Db.At("status", "readyReplicas").AsLong() == 3);
        var claims = bed.List(BuiltInResources.PersistentVolumeClaims).Select(c => c.Uid).ToList();
        await bed.ChangeAsync(BuiltInResources.StatefulSets, "db", s =>
        {
            s.At("spec", "template", "spec", "containers").Objects().First()["image"] = "db:2";
            s.Child("spec")["updateStrategy"] = ControllerBed.Parse("""{"type":"RollingUpdate","rollingUpdate":{"partition":1}}""");
        });

        await bed.UntilAsync(() => Db.At("status", "updatedReplicas").AsLong() == 2 && Db.At("status", "readyReplicas").AsLong() == 3);
        Image("db-0").ShouldBe("db:1");
        Image("db-1").ShouldBe("db:2");
        Db.At("status", "currentRevision").AsText().ShouldNotBe(Db.At("status", "updateRevision").AsText());

        await bed.ChangeAsync(BuiltInResources.StatefulSets, "db", s => s.At("spec", "updateStrategy", "rollingUpdate")!.AsObject()["partition"] = 0);
        await bed.UntilAsync(() => Db.At("status", "currentRevision").AsText() == Db.At("status", "updateRevision").AsText());
        Image("db-0").ShouldBe("db:2");
        bed.List(BuiltInResources.PersistentVolumeClaims).Select(c => c.Uid).ShouldBe(claims);
        bed.List(BuiltInResources.ControllerRevisions).Select(r => r["revision"].AsLong()).Order().ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Scaling_down_removes_the_last_pods_and_their_claims_only_where_the_policy_says_so()
    {
        await PrepareAsync();
        await CreateAsync(replicas: 3, extra: "\"persistentVolumeClaimRetentionPolicy\":{\"whenScaled\":\"Delete\",\"whenDeleted\":\"Retain\"},");
        await bed.UntilAsync(() => Db.At("status", "readyReplicas").AsLong() == 3);

        await bed.ChangeAsync(BuiltInResources.StatefulSets, "db", s => s.Child("spec")["replicas"] = 1);
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 1 && bed.List(BuiltInResources.PersistentVolumeClaims).Count == 1);
        bed.List(BuiltInResources.Pods).Single().Name.ShouldBe("db-0");
    }

    [Fact]
    public async Task A_parallel_set_does_not_wait_for_its_first_pod()
    {
        await PrepareAsync();
        bed.Outcome = _ => null;
        await CreateAsync(replicas: 3, extra: "\"podManagementPolicy\":\"Parallel\",");
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 3);
    }

    [Fact]
    public async Task A_pod_that_failed_is_made_again()
    {
        await PrepareAsync();
        await CreateAsync(replicas: 1);
        await bed.UntilAsync(() => Db.At("status", "readyReplicas").AsLong() == 1);
        var first = bed.Get(BuiltInResources.Pods, "db-0")!.Uid;

        await bed.SetPhaseAsync("db-0", "Failed");
        await bed.UntilAsync(() => Db.At("status", "readyReplicas").AsLong() == 1 && bed.Get(BuiltInResources.Pods, "db-0") is { } pod && pod.Uid != first);
    }

    private JsonObject Db => bed.Get(BuiltInResources.StatefulSets, "db")!;

    private string? Image(string pod) => bed.Get(BuiltInResources.Pods, pod)!.At("spec", "containers").Objects().First().Text("image");

    private async Task PrepareAsync()
    {
        await bed.AddNodeAsync();
        await bed.CreateAsync(BuiltInResources.StorageClasses, """{"metadata":{"name":"local"},"provisioner":"harmony.dev/local","reclaimPolicy":"Delete","volumeBindingMode":"Immediate"}""");
    }

    private Task CreateAsync(int replicas, string extra = "") => bed.CreateAsync(BuiltInResources.StatefulSets, $$$$$"""
        {"metadata":{"name":"db"},"spec":{{{{{{extra}}}}}"replicas":{{{{{replicas}}}}},"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
         "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"db","image":"db:1"}]}},
         "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"storageClassName":"local","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
        """);
}

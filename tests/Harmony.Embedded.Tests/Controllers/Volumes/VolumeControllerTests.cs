using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Volumes;

public sealed class VolumeControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_claim_of_a_local_class_gets_a_folder_that_goes_with_it()
    {
        await ClassAsync("local", "harmony.dev/local");
        await ClaimAsync("local");
        await bed.UntilAsync(() => Phase == "Bound");

        var volume = bed.List(BuiltInResources.PersistentVolumes).ShouldHaveSingleItem();
        var path = volume.At("spec", "hostPath", "path").AsText()!;
        Path.GetDirectoryName(path).ShouldBe(bed.Volumes);
        Path.GetFileName(path).ShouldBe($"shop_data_{Claim!.Uid}");
        Directory.Exists(path).ShouldBeTrue();
        Claim!.At("status", "capacity", "storage").AsText().ShouldBe("1Gi");
        Claim!.Annotation("pv.kubernetes.io/bind-completed").ShouldBe("yes");
        await File.WriteAllTextAsync(Path.Combine(path, "rows"), "12");
        await bed.UntilAsync(() => bed.List(BuiltInResources.PersistentVolumes)[0].At("status", "phase").AsText() == "Bound");

        await DeleteAsync();
        await bed.UntilAsync(() => Claim is null && bed.List(BuiltInResources.PersistentVolumes).Count == 0);
        Directory.Exists(path).ShouldBeFalse();
    }

    [Fact]
    public async Task A_class_that_retains_keeps_the_folder_when_the_claim_is_gone()
    {
        await ClassAsync("kept", "harmony.dev/local", "\"reclaimPolicy\":\"Retain\",");
        await ClaimAsync("kept");
        await bed.UntilAsync(() => Phase == "Bound");
        await DeleteAsync();
        await bed.UntilAsync(() => bed.List(BuiltInResources.PersistentVolumes).Single().At("status", "phase").AsText() == "Released");
        Directory.EnumerateDirectories(bed.Volumes).Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_volume_that_is_there_is_preferred_the_smallest_that_suffices()
    {
        await VolumeAsync("large", "100Gi");
        await VolumeAsync("fitting", "2Gi");
        await VolumeAsync("small", "1Mi");
        await bed.UntilAsync(() => bed.List(BuiltInResources.PersistentVolumes).All(v => v.At("status", "phase").AsText() == "Available"));
        await ClaimAsync("manual");
        await bed.UntilAsync(() => Phase == "Bound");
        Claim!.At("spec", "volumeName").AsText().ShouldBe("fitting");
        bed.Get(BuiltInResources.PersistentVolumes, "fitting")!.At("spec", "claimRef", "uid").AsText().ShouldBe(Claim!.Uid);
    }

    [Fact]
    public async Task A_foreign_folder_is_never_deleted()
    {
        var foreign = Path.Combine(bed.Volumes, "foreign");
        Directory.CreateDirectory(foreign);
        await bed.CreateAsync(BuiltInResources.PersistentVolumes, $$$$$"""
            {"metadata":{"name":"f"},"spec":{"capacity":{"storage":"2Gi"},"accessModes":["ReadWriteOnce"],"storageClassName":"manual","persistentVolumeReclaimPolicy":"Delete","hostPath":{"path":"{{{{{foreign}}}}}"}}}
            """);
        await ClaimAsync("manual");
        await bed.UntilAsync(() => Phase == "Bound");
        await DeleteAsync();
        await bed.UntilAsync(() => bed.Get(BuiltInResources.PersistentVolumes, "f")!.At("status", "phase").AsText() == "Failed");
        Directory.Exists(foreign).ShouldBeTrue();
    }

    [Theory]
    [InlineData("", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")]
    [InlineData("fast-ssd", "ProvisioningFailed", "storageclass.storage.k8s.io \"fast-ssd\" not found")]
    public async Task A_claim_that_cannot_be_bound_says_why(string storageClass, string reason, string message)
    {
        await ClaimAsync(storageClass);
        await bed.UntilAsync(() => bed.Events(reason).Contains(message));
        await bed.UntilAsync(() => Phase == "Pending");
    }

    [Fact]
    public async Task A_class_that_waits_binds_when_a_pod_needs_the_claim()
    {
        await bed.AddNodeAsync();
        await ClassAsync("late", "harmony.dev/local", "\"volumeBindingMode\":\"WaitForFirstConsumer\",");
        await ClaimAsync("late");
        await bed.UntilAsync(() => bed.Events("WaitForFirstConsumer").Any());
        Phase.ShouldBe("Pending");
        await PodAsync();
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Pods, "app")!.NodeName is not null);
        Phase.ShouldBe("Bound");
    }

    [Fact]
    public async Task A_deleted_claim_lives_as_long_as_a_pod_uses_it()
    {
        await bed.AddNodeAsync();
        await ClassAsync("local", "harmony.dev/local");
        await ClaimAsync("local");
        await PodAsync();
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Pods, "app")!.NodeName is not null);

        await DeleteAsync();
        await bed.CreateAsync(BuiltInResources.PersistentVolumeClaims, """{"metadata":{"name":"later"},"spec":{"storageClassName":"local","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.PersistentVolumeClaims, "later")!.At("status", "phase").AsText() == "Bound");
        Claim.ShouldNotBeNull();

        await bed.Cluster.DeleteAsync(BuiltInResources.Pods, ControllerBed.Namespace, "app", DeleteOptions.Background, default);
        await bed.UntilAsync(() => Claim is null);
    }

    private JsonObject? Claim => bed.Get(BuiltInResources.PersistentVolumeClaims, "data");

    private string? Phase => Claim?.At("status", "phase").AsText();

    private Task DeleteAsync() => bed.Cluster.DeleteAsync(BuiltInResources.PersistentVolumeClaims, ControllerBed.Namespace, "data", DeleteOptions.Background, default);

    private Task ClassAsync(string name, string provisioner, string extra = "") =>
        bed.CreateAsync(BuiltInResources.StorageClasses, $$$"""{"metadata":{"name":"{{{name}}}"},{{{extra}}}"provisioner":"{{{provisioner}}}"}""");

    private Task ClaimAsync(string storageClass) => bed.CreateAsync(BuiltInResources.PersistentVolumeClaims, $$$$$"""
        {"metadata":{"name":"data"},"spec":{"storageClassName":"{{{{{storageClass}}}}}","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}
        """);

    private Task VolumeAsync(string name, string size) => bed.CreateAsync(BuiltInResources.PersistentVolumes, $$$$$"""
        {"metadata":{"name":"{{{{{name}}}}}"},"spec":{"capacity":{"storage":"{{{{{size}}}}}"},"accessModes":["ReadWriteOnce"],"storageClassName":"manual","persistentVolumeReclaimPolicy":"Retain","hostPath":{"path":"/nowhere"}}}
        """);

    private Task PodAsync() => bed.CreateAsync(
        BuiltInResources.Pods, """{"metadata":{"name":"app"},"spec":{"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data"}}]}}""");
}

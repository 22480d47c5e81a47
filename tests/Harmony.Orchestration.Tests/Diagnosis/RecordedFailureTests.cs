using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Tests.Diagnosis;

/// <summary>What a real Kubernetes 1.36 said about broken and healthy workloads; <c>Recorded/</c> has one file a case.</summary>
public sealed class RecordedFailureTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Diagnosis", "Recorded");

    public static TheoryData<string> Healthy => [.. Directory.GetFiles(Folder, "healthy-*.json").Select(f => Path.GetFileNameWithoutExtension(f))];

    public static TheoryData<string, FindingCode, string> Broken => new()
    {
        { "bind-privileged-port", FindingCode.CrashLoop, "Deployment/app" },
        { "config-map-key-missing", FindingCode.ConfigurationMissing, "Deployment/app" },
        { "config-map-missing", FindingCode.ConfigurationMissing, "Deployment/app" },
        { "configmap-volume-key-missing", FindingCode.VolumeNotMounted, "Deployment/app" },
        { "configmap-volume-missing", FindingCode.VolumeNotMounted, "Deployment/app" },
        { "crashloop-command-not-found", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-command-not-found-shell", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-command-not-in-path", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-command-one-string", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-exit0", FindingCode.EndsAtOnce, "Deployment/app" },
        { "crashloop-exit1", FindingCode.CrashLoop, "Deployment/app" },
        { "crashloop-permission-denied", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-permission-denied-shell", FindingCode.CommandNotFound, "Deployment/app" },
        { "crashloop-segfault", FindingCode.CrashLoop, "Deployment/app" },
        { "crashloop-shell-no-tty", FindingCode.EndsAtOnce, "Deployment/app" },
        { "crashloop-shell-syntax-error", FindingCode.CrashLoop, "Deployment/app" },
        { "crashloop-working-dir", FindingCode.ContainerNotCreated, "Deployment/app" },
        { "dependency-localhost", FindingCode.CrashLoop, "Deployment/app" },
        { "dependency-not-there", FindingCode.ImageNotFound, "Deployment/redis" },
        { "deployment-progress-deadline", FindingCode.ProbeFailing, "Deployment/web" },
        { "deployment-rollout-stuck", FindingCode.ImageNotFound, "Deployment/web" },
        { "dns-other-namespace", FindingCode.CrashLoop, "Deployment/app" },
        { "dns-wrong-service-name", FindingCode.CrashLoop, "Deployment/app" },
        { "env-missing-in-log", FindingCode.CrashLoop, "Deployment/app" },
        { "host-path-missing-type-directory", FindingCode.VolumeNotMounted, "Deployment/app" },
        { "image-invalid-name", FindingCode.ImageNameInvalid, "Deployment/web" },
        { "image-invalid-name-uppercase", FindingCode.ImageNameInvalid, "Deployment/web" },
        { "image-never-pull", FindingCode.ImageNotOnNode, "Deployment/web" },
        { "image-pull-secret-missing", FindingCode.ImageAccessDenied, "Deployment/web" },
        { "image-registry-dns-failure", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-error-500", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-forbidden", FindingCode.ImageAccessDenied, "Deployment/web" },
        { "image-registry-localhost", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-no-route", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-rate-limited", FindingCode.ImageRateLimited, "Deployment/web" },
        { "image-registry-unauthorized", FindingCode.ImageAccessDenied, "Deployment/web" },
        { "image-registry-unauthorized-ghcr", FindingCode.ImageAccessDenied, "Deployment/web" },
        { "image-registry-unavailable-503", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-unreachable", FindingCode.RegistryUnreachable, "Deployment/web" },
        { "image-registry-x509", FindingCode.RegistryUntrusted, "Deployment/web" },
        { "image-registry-x509-name", FindingCode.RegistryUntrusted, "Deployment/web" },
        { "image-repository-not-found", FindingCode.ImageAccessDenied, "Deployment/web" },
        { "image-tag-not-found", FindingCode.ImageNotFound, "Deployment/web" },
        { "image-tag-not-found-other-registry", FindingCode.ImageNotFound, "Deployment/web" },
        { "image-wrong-platform", FindingCode.ImageWrongPlatform, "Deployment/web" },
        { "init-container-fails", FindingCode.InitContainerFailed, "Deployment/app" },
        { "init-container-image", FindingCode.ImageNotFound, "Deployment/app" },
        { "job-backoff-limit", FindingCode.JobFailed, "Job/import" },
        { "job-deadline", FindingCode.JobFailed, "Job/import" },
        { "job-image", FindingCode.ImageNotFound, "Job/import" },
        { "limit-range-violation", FindingCode.PodsRefused, "Deployment/app" },
        { "liveness-before-started", FindingCode.ProbeFailing, "Deployment/web" },
        { "liveness-failing", FindingCode.ProbeFailing, "Deployment/web" },
        { "memory-limit-tiny", FindingCode.ContainerNotCreated, "Deployment/app" },
        { "memory-limit-too-small-to-start-no-token", FindingCode.ContainerNotCreated, "Deployment/app" },
        { "mount-directory-over-file", FindingCode.ContainerNotCreated, "Deployment/app" },
        { "oom-killed", FindingCode.OutOfMemory, "Deployment/app" },
        { "oom-killed-child", FindingCode.OutOfMemory, "Deployment/app" },
        { "pod-deadline", FindingCode.CrashLoop, "Pod/import" },
        { "pod-security-restricted", FindingCode.PodsRefused, "Deployment/app" },
        { "port-in-use", FindingCode.CrashLoop, "Deployment/app" },
        { "pvc-missing", FindingCode.Unschedulable, "Deployment/app" },
        { "pvc-no-storage-class", FindingCode.ClaimPending, "PersistentVolumeClaim/app-data" },
        { "pvc-storage-class-missing", FindingCode.ClaimPending, "PersistentVolumeClaim/app-data" },
        { "pvc-too-large", FindingCode.ClaimPending, "PersistentVolumeClaim/app-data" },
        { "pvc-volume-node-affinity", FindingCode.Unschedulable, "Deployment/app" },
        { "quota-exceeded", FindingCode.PodsRefused, "Deployment/app" },
        { "quota-needs-requests", FindingCode.PodsRefused, "Deployment/app" },
        { "read-only-root-fails", FindingCode.CrashLoop, "Deployment/app" },
        { "readiness-exec-fails", FindingCode.ProbeFailing, "Deployment/web" },
        { "readiness-http-404", FindingCode.ProbeFailing, "Deployment/web" },
        { "readiness-tcp-refused", FindingCode.ProbeFailing, "Deployment/web" },
        { "readiness-timeout", FindingCode.ProbeFailing, "Deployment/web" },
        { "run-as-non-root-violation", FindingCode.ContainerNotCreated, "Deployment/app" },
        { "script-crlf", FindingCode.CrashLoop, "Deployment/app" },
        { "secret-key-missing", FindingCode.ConfigurationMissing, "Deployment/app" },
        { "secret-missing", FindingCode.ConfigurationMissing, "Deployment/app" },
        { "secret-volume-missing", FindingCode.VolumeNotMounted, "Deployment/app" },
        { "service-account-missing", FindingCode.PodsRefused, "Deployment/app" },
        { "service-no-endpoints-selector", FindingCode.NoEndpoints, "Service/web" },
        { "service-target-port-name-missing", FindingCode.NoEndpoints, "Service/web" },
        { "sidecar-crashes", FindingCode.CrashLoop, "Deployment/app" },
        { "startup-never", FindingCode.ProbeFailing, "Deployment/web" },
        { "statefulset-first-pod-stuck", FindingCode.ProbeFailing, "StatefulSet/db" },
        { "statefulset-pvc-pending", FindingCode.Unschedulable, "StatefulSet/db" },
        { "termination-message", FindingCode.CrashLoop, "Deployment/app" },
        { "termination-message-from-log", FindingCode.CrashLoop, "Deployment/app" },
        { "unschedulable-anti-affinity", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-cordoned", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-cpu", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-gpu", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-host-port", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-memory", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-node-selector", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-several-nodes", FindingCode.Unschedulable, "Deployment/app" },
        { "unschedulable-taint", FindingCode.Unschedulable, "Deployment/app" },
        { "volume-permission-denied", FindingCode.CrashLoop, "Deployment/app" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void The_first_finding_names_the_cause_and_the_workload(string recorded, FindingCode code, string subject)
    {
        var (applied, snapshot) = Read(recorded);

        var findings = ProjectDiagnosis.Of(applied, snapshot);

        findings.ShouldNotBeEmpty();
        (findings[0].Code, findings[0].Subject.ToString()).ShouldBe((code, subject));
        findings[0].Evidence.ShouldNotBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_project_is_not_called_ready(string recorded, FindingCode code, string subject)
    {
        var (applied, snapshot) = Read(recorded);

        new ProjectReadiness(applied).Judge(snapshot).IsReady.ShouldBeFalse($"{code} of {subject}");
    }

    [Theory]
    [MemberData(nameof(Healthy))]
    public void Nothing_is_found_in_what_is_healthy(string recorded)
    {
        var (applied, snapshot) = Read(recorded);

        ProjectDiagnosis.Of(applied, snapshot).ShouldBeEmpty();
        new ProjectReadiness(applied).Judge(snapshot).Waiting.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_still_starting_is_neither_ready_nor_a_finding()
    {
        var recorded = Parse("healthy-slow-start");
        var objects = recorded["objectsBefore"]!.AsObject().SelectMany(k => k.Value!.AsArray()).Select(o => o!.AsObject()).ToList();
        var snapshot = ProjectSnapshot.Of(objects);
        var applied = Applied(recorded, snapshot);

        new ProjectReadiness(applied).Judge(snapshot).IsReady.ShouldBeFalse();
        ProjectDiagnosis.Of(applied, snapshot).ShouldAllBe(f => f.Patience == null);
    }

    private static (IReadOnlyList<ObjectId> Applied, ProjectSnapshot Snapshot) Read(string name)
    {
        var recorded = Parse(name);
        var snapshot = ProjectSnapshot.Of(recorded["objects"]!.AsObject().SelectMany(k => k.Value!.AsArray()).Select(o => o!.AsObject()));
        return (Applied(recorded, snapshot), snapshot);
    }

    private static JsonObject Parse(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json")))!.AsObject();

    private static List<ObjectId> Applied(JsonObject recorded, ProjectSnapshot snapshot) =>
        [.. recorded["manifests"].Objects()
            .Select(m => new ObjectId(m.GroupVersionKind.Group, m.Kind, m.Namespace ?? recorded.Text("namespace"), m.Name))
            .Where(id => snapshot.Find(id) is not null).Distinct()];
}

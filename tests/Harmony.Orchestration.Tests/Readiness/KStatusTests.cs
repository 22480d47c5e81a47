using Harmony.Orchestration.Readiness;
using Harmony.Orchestration.Tests.Fakes;

namespace Harmony.Orchestration.Tests.Readiness;

public sealed class KStatusTests
{
    [Theory]
    [InlineData("apps/v1", "Deployment", """ "spec":{"replicas":2} """, ObjectState.InProgress)]
    [InlineData("apps/v1", "Deployment", """ "spec":{"replicas":1},"status":{"observedGeneration":1,"replicas":2,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1} """, ObjectState.InProgress)]
    [InlineData("apps/v1", "Deployment", """ "spec":{"replicas":1},"status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1} """, ObjectState.Current)]
    [InlineData("apps/v1", "Deployment", """ "status":{"observedGeneration":1,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]} """, ObjectState.Failed)]
    [InlineData("apps/v1", "StatefulSet", """ "spec":{"replicas":1},"status":{"replicas":1,"readyReplicas":1,"currentRevision":"a","updateRevision":"b"} """, ObjectState.InProgress)]
    [InlineData("apps/v1", "StatefulSet", """ "spec":{"replicas":1},"status":{"replicas":1,"readyReplicas":1,"currentRevision":"b","updateRevision":"b"} """, ObjectState.Current)]
    [InlineData("apps/v1", "DaemonSet", """ "status":{"observedGeneration":1,"desiredNumberScheduled":1,"numberReady":0} """, ObjectState.InProgress)]
    [InlineData("batch/v1", "Job", """ "status":{"active":1} """, ObjectState.InProgress)]
    [InlineData("batch/v1", "Job", """ "status":{"conditions":[{"type":"Complete","status":"True"}]} """, ObjectState.Current)]
    [InlineData("batch/v1", "Job", """ "status":{"conditions":[{"type":"Failed","status":"True"}]} """, ObjectState.Failed)]
    [InlineData("v1", "Pod", """ "status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}]} """, ObjectState.InProgress)]
    [InlineData("v1", "Pod", """ "status":{"phase":"Succeeded"} """, ObjectState.Current)]
    [InlineData("v1", "PersistentVolumeClaim", """ "status":{"phase":"Pending"} """, ObjectState.InProgress)]
    [InlineData("v1", "PersistentVolumeClaim", """ "status":{"phase":"Lost"} """, ObjectState.Failed)]
    [InlineData("v1", "Service", """ "spec":{"type":"LoadBalancer"} """, ObjectState.InProgress)]
    [InlineData("v1", "Service", """ "spec":{"type":"ExternalName"} """, ObjectState.Current)]
    [InlineData("v1", "ConfigMap", """ "data":{} """, ObjectState.Current)]
    [InlineData("example.com/v1", "Database", """ "status":{"conditions":[{"type":"Ready","status":"False"}]} """, ObjectState.InProgress)]
    [InlineData("example.com/v1", "Database", """ "status":{"conditions":[{"type":"Stalled","status":"True"}]} """, ObjectState.Failed)]
    [InlineData("example.com/v1", "Database", """ "status":{"observedGeneration":0} """, ObjectState.InProgress)]
    public void Each_kind_is_judged_by_its_own_rules(string apiVersion, string kind, string rest, ObjectState state) =>
        KStatus.Of(Trees.Parse($$$"""{"apiVersion":"{{{apiVersion}}}","kind":"{{{kind}}}","metadata":{"name":"x","generation":1},{{{rest}}} }""")).State.ShouldBe(state);

    [Fact]
    public void What_is_being_deleted_is_terminating_whatever_else_it_says() =>
        KStatus.Of(Trees.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","deletionTimestamp":"2024-01-01T00:00:00Z"} }""")).State.ShouldBe(ObjectState.Terminating);
}

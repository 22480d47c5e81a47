using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>Objects as a cluster has them, written as JSON.</summary>
internal static class Trees
{
    public static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    public static JsonObject Deployment(string name, int ready = 1, string ns = "shop") => Parse($$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","uid":"{{{name}}}-uid","generation":1},
         "spec":{"replicas":1,"selector":{"matchLabels":{"app":"{{{name}}}"}},"template":{"metadata":{"labels":{"app":"{{{name}}}"} } } },
         "status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":{{{ready}}},"availableReplicas":{{{ready}}} }}
        """);

    public static JsonObject ReplicaSet(string name, string deployment, string ns = "shop") => Parse($$$"""
        {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","uid":"{{{name}}}-uid",
         "ownerReferences":[{"kind":"Deployment","name":"{{{deployment}}}","uid":"{{{deployment}}}-uid","controller":true}]},"spec":{"replicas":1} }
        """);

    /// <summary>A pod of the Deployment <paramref name="app"/>, whose ReplicaSet is <c>{app}-1</c>.</summary>
    public static JsonObject Pod(string name, string app, string containerStatus = """{"name":"main","ready":true,"restartCount":0,"state":{"running":{}}}""", bool ready = true, string ns = "shop") => Parse($$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","labels":{"app":"{{{app}}}","pod-template-hash":"1"},
         "ownerReferences":[{"kind":"ReplicaSet","name":"{{{app}}}-1","uid":"{{{app}}}-1-uid","controller":true}]},
         "spec":{"containers":[{"name":"main","image":"shop/{{{app}}}"}]},
         "status":{"phase":"Running","conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}],"containerStatuses":[{{{containerStatus}}}]} }
        """);

    public static string Running(string id, string name = "main") => $$$"""{"name":"{{{name}}}","ready":true,"restartCount":0,"containerID":"{{{id}}}","state":{"running":{} } }""";

    public static string Waiting(string reason, string message) => $$$"""{"name":"main","ready":false,"restartCount":0,"image":"shop/none","state":{"waiting":{"reason":"{{{reason}}}","message":"{{{message}}}"} } }""";

    public static JsonObject Service(string name, string type = "ClusterIP", string ports = """{"name":"http","port":80,"targetPort":8080}""", string ns = "shop") => Parse($$$"""
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}"},
         "spec":{"type":"{{{type}}}","clusterIP":"10.0.0.1","selector":{"app":"{{{name}}}"},"ports":[{{{ports}}}]} }
        """);

    public static JsonObject Slice(string service, string pod, int port = 8080, bool ready = true, string portName = "http", string ns = "shop") => Parse($$$"""
        {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"{{{service}}}-1","namespace":"{{{ns}}}","labels":{"kubernetes.io/service-name":"{{{service}}}"} },
         "ports":[{"name":"{{{portName}}}","port":{{{port}}} }],
         "endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":{{{(ready ? "true" : "false")}}} },"targetRef":{"kind":"Pod","name":"{{{pod}}}"} }]}
        """);

    /// <summary>Everything of a Deployment that works.</summary>
    public static void PutWorking(this FakeKubernetes cluster, string app)
    {
        cluster.Put(Deployment(app));
        cluster.Put(ReplicaSet($"{app}-1", app));
        cluster.Put(Pod($"{app}-1-a", app));
    }

    public static GroupVersionKind Deployments { get; } = new("apps", "v1", "Deployment");

    public static GroupVersionKind Pods { get; } = new("", "v1", "Pod");
}

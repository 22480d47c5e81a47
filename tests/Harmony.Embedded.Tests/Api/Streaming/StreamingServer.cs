using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Streaming;
using Harmony.Kubernetes;
using Harmony.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>Just enough of an API server around the streams: one pod, discovery, no TLS.</summary>
internal sealed class StreamingServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TemporaryFolder folder = new();

    private StreamingServer(WebApplication app, FakeKubelet kubelet)
    {
        this.app = app;
        Kubelet = kubelet;
        Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Kubeconfig = Path.Combine(folder.Path, "config");
        File.WriteAllText(Kubeconfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{name: test, cluster: {server: "{{Address}}" } }]
            contexts: [{name: test, context: {cluster: test, user: test} }]
            users: [{name: test, user: {} }]
            """);
        Api = KubernetesApi.Connect(Kubeconfig);
    }

    public FakeKubelet Kubelet { get; }

    public string Address { get; }

    public string Kubeconfig { get; }

    public KubernetesApi Api { get; }

    public static async Task<StreamingServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        var kubelet = new FakeKubelet();
        var streams = new PodStreams(kubelet);
        Json(server, "/api", """{"kind":"APIVersions","versions":["v1"]}""");
        Json(server, "/apis", """{"kind":"APIGroupList","apiVersion":"v1","groups":[]}""");
        Json(server, "/api/v1", """{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"],"shortNames":["po"]}]}""");
        Json(server, "/api/v1/namespaces/{ns}/pods/{pod}", """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"default","uid":"1"},"spec":{"containers":[{"name":"main","ports":[{"containerPort":80}]}]},
             "status":{"phase":"Running","containerStatuses":[{"name":"main","ready":true,"state":{"running":{}}}]}}
            """);
        server.Map("/api/v1/namespaces/{ns}/pods/{pod}/{sub}", (HttpContext context, string ns, string pod, string sub) => streams.HandleAsync(context, ns, pod, sub));
        await server.StartAsync();
        return new(server, kubelet);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(bound.Token);
        await app.DisposeAsync();
        folder.Dispose();
    }

    private static void Json(WebApplication server, string path, string json) => server.MapGet(path, async (HttpContext context) =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonNode.Parse(json)!.ToJsonString());
    });
}

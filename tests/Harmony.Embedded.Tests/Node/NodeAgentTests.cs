using System.Net;
using System.Net.Sockets;
using System.Text;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Node;

public sealed class NodeAgentTests : IAsyncLifetime
{
    private TestNode node = null!;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(TestMachine.CanRunContainers, TestMachine.Why);
        node = new();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (node is not null)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_node_is_registered_with_what_the_machine_has()
    {
        await node.Cluster.UntilAsync(() => node.Cluster.Get(BuiltInResources.Nodes, null, TestNode.NodeName)?.Condition("Ready")?.Text("status") == "True");
        var status = node.Cluster.Get(BuiltInResources.Nodes, null, TestNode.NodeName)!.Status!;
        Quantity.Parse(status.At("capacity", "cpu").AsText()!).Value.ShouldBe(Environment.ProcessorCount);
        Quantity.Parse(status.At("capacity", "memory").AsText()!).Value.ShouldBeGreaterThan(1_000_000);
        status.At("addresses").Objects().First().Text("address").ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task A_pod_without_probes_is_ready_once_it_runs()
    {
        await node.CreateAsync("web", """{"containers":[{"name":"app","command":["sleep","1000"]}]}""");
        await node.UntilReadyAsync("web");

        var status = node.Pod("web")!.Status!;
        status.Text("phase").ShouldBe("Running");
        status.Text("podIP").ShouldBe("127.0.0.1");
        status.Text("qosClass").ShouldBe("BestEffort");
        status["conditions"].Objects().Select(c => $"{c.Text("type")}={c.Text("status")}")
            .ShouldBe(["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"]);
        var container = node.Container("web")!;
        container.Text("image").ShouldBe("docker.io/library/busybox:1");
        container.Text("imageID").ShouldBe("docker.io/library/busybox@sha256:2");
        container["started"].AsBool().ShouldBe(true);
        await node.UntilEventAsync("Started", "Container started");
        node.Events("Pulled").ShouldContain("Container image \"busybox:1\" already present on machine and can be accessed by the pod");
    }

    [Fact]
    public async Task A_pod_that_is_done_has_succeeded_and_keeps_its_log()
    {
        await node.CreateAsync("job", """{"restartPolicy":"Never","containers":[{"name":"app","command":["echo","done"]}]}""");
        await node.UntilPhaseAsync("job", "Succeeded");

        node.Container("job").At("state", "terminated", "reason").AsText().ShouldBe("Completed");
        node.Pod("job")!.Condition("Ready")!.Text("reason").ShouldBe("PodCompleted");
        (await node.LogAsync("job")).ShouldBe("done\n");
    }

    [Fact]
    public async Task A_container_that_fails_again_and_again_backs_off()
    {
        await node.CreateAsync("crash", """{"containers":[{"name":"app","command":["sh","-c","echo trying; exit 3"]}]}""");
        await node.UntilWaitingAsync("crash", "CrashLoopBackOff");
        await node.Cluster.UntilAsync(() => node.Container("crash")!["restartCount"].AsInt() >= 2);

        await node.UntilEventAsync("BackOff", "Back-off restarting failed container app in pod crash_default(");
        node.Container("crash").At("lastState", "terminated", "exitCode").AsInt().ShouldBe(3);
        (await node.LogAsync("crash", new() { Previous = true })).ShouldBe("trying\n");
    }

    [Fact]
    public async Task A_failed_pod_that_must_not_be_restarted_has_failed()
    {
        await node.CreateAsync("once", """{"restartPolicy":"Never","containers":[{"name":"app","command":["sh","-c","echo why >/dev/termination-log; exit 1"]}]}""");
        await node.UntilPhaseAsync("once", "Failed");
        node.Container("once").At("state", "terminated", "message").AsText().ShouldBe("why\n");
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_start_error()
    {
        await node.CreateAsync("typo", """{"containers":[{"name":"app","command":["shop-server"]}]}""");
        await node.UntilWaitingAsync("typo", "CrashLoopBackOff");

        var last = node.Container("typo").At("lastState", "terminated");
        last.At("reason").AsText().ShouldBe("StartError");
        last.At("exitCode").AsInt().ShouldBe(128);
        last.At("message").AsText()!.ShouldContain("executable file not found in $PATH");
    }

    [Fact]
    public async Task Init_containers_run_in_order_and_a_sidecar_stays()
    {
        await node.CreateAsync("order", """
            {"initContainers":[
                {"name":"first","command":["sh","-c","echo one >/scratch/file"],"volumeMounts":[{"name":"work","mountPath":"/scratch"}]},
                {"name":"side","restartPolicy":"Always","command":["sleep","1000"]},
                {"name":"last","command":["sh","-c","echo two >>/scratch/file"],"volumeMounts":[{"name":"work","mountPath":"/scratch"}]}],
             "containers":[{"name":"app","command":["sh","-c","cat /scratch/file; sleep 1000"],"volumeMounts":[{"name":"work","mountPath":"/scratch"}]}],
             "volumes":[{"name":"work","emptyDir":{}}]}
            """);
        await node.UntilReadyAsync("order");

        node.Container("order", "first").At("state", "terminated", "exitCode").AsInt().ShouldBe(0);
        node.Container("order", "side").At("state", "running").ShouldNotBeNull();
        await EventuallyAsync(async () => await node.LogAsync("order", new() { Container = "app" }) == "one\ntwo\n");
    }

    [Fact]
    public async Task An_init_container_that_fails_keeps_the_others_waiting()
    {
        await node.CreateAsync("stuck", """{"initContainers":[{"name":"migrate","command":["false"]}],"containers":[{"name":"app","command":["sleep","1000"]}]}""");
        await node.UntilWaitingAsync("stuck", "CrashLoopBackOff", "migrate");

        node.Container("stuck").At("state", "waiting", "reason").AsText().ShouldBe("PodInitializing");
        node.Pod("stuck")!.Condition("Initialized")!.Text("message").ShouldBe("containers with incomplete status: [migrate]");
        node.Pod("stuck").At("status", "phase").AsText().ShouldBe("Pending");
    }

    [Fact]
    public async Task A_missing_ConfigMap_is_named_and_its_arrival_is_enough()
    {
        await node.CreateAsync("env", """{"containers":[{"name":"app","command":["sleep","1000"],"envFrom":[{"configMapRef":{"name":"settings"}}]}]}""");
        await node.UntilWaitingAsync("env", "CreateContainerConfigError");
        node.Container("env").At("state", "waiting", "message").AsText().ShouldBe("configmap \"settings\" not found");
        await node.UntilEventAsync("Failed", "Error: configmap \"settings\" not found");

        await node.CreateConfigMapAsync("settings", "COLOUR", "blue");
        await node.UntilReadyAsync("env");
        (await node.ExecAsync("env", "sh", "-c", "echo $COLOUR")).ShouldBe("blue\n");
    }

    [Fact]
    public async Task An_image_that_does_not_exist_ends_in_back_off()
    {
        await node.CreateAsync("image", """{"containers":[{"name":"app","image":"nothing:1"}]}""");
        await node.UntilWaitingAsync("image", "ImagePullBackOff");

        node.Container("image").At("state", "waiting", "message").AsText()
            .ShouldBe("Back-off pulling image \"nothing:1\": ErrImagePull: rpc error: code = NotFound desc = nothing:1: not found");
        await node.UntilEventAsync("Failed", "Failed to pull image \"nothing:1\": rpc error");
        var refusal = await Should.ThrowAsync<ApiException>(() => node.LogAsync("image"));
        refusal.Message.ShouldBe("container \"app\" in pod \"image\" is waiting to start: trying and failing to pull image");
    }

    [Fact]
    public async Task A_changed_ConfigMap_changes_the_files_of_a_running_pod()
    {
        var map = await node.CreateConfigMapAsync("files", "index.html", "old");
        await node.CreateAsync("volume", """
            {"containers":[{"name":"app","command":["sleep","1000"],"volumeMounts":[{"name":"web","mountPath":"/www"}]}],
             "volumes":[{"name":"web","configMap":{"name":"files"}}]}
            """);
        await node.UntilReadyAsync("volume");
        (await node.ExecAsync("volume", "cat", "/www/index.html")).ShouldBe("old");

        map.Child("data")["index.html"] = "new";
        await node.Cluster.UpdateAsync(BuiltInResources.ConfigMaps, map, null, CancellationToken.None);
        await EventuallyAsync(async () => await node.ExecAsync("volume", "cat", "/www/index.html") == "new");
    }

    [Fact]
    public async Task A_volume_that_cannot_be_made_is_told_in_an_event()
    {
        await node.CreateAsync("mount", """
            {"containers":[{"name":"app","command":["sleep","1000"]}],"volumes":[{"name":"conf","configMap":{"name":"nginx-conf"}}]}
            """);
        await node.UntilEventAsync("FailedMount", "MountVolume.SetUp failed for volume \"conf\" : configmap \"nginx-conf\" not found");
        node.Container("mount").At("state", "waiting", "reason").AsText().ShouldBe("ContainerCreating");
    }

    [Fact]
    public async Task A_container_learns_about_its_pod_and_gets_a_token()
    {
        await node.CreateAsync("self", """
            {"containers":[{"name":"app","command":["sleep","1000"],"resources":{"limits":{"memory":"64Mi"}},
                "env":[{"name":"A","value":"x"},{"name":"B","value":"$(A)y$$(A)"},
                    {"name":"POD","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
                    {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                    {"name":"MEMORY","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}}],
                "volumeMounts":[{"name":"token","mountPath":"/token"}]}],
             "volumes":[{"name":"token","projected":{"sources":[{"serviceAccountToken":{"path":"token","expirationSeconds":3607}},
                {"downwardAPI":{"items":[{"path":"ns","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}}]}
            """, """{"labels":{"app":"shop"}}""");
        await node.UntilReadyAsync("self");
        (await node.ExecAsync("self", "sh", "-c", "echo $B $POD $IP $MEMORY; cat /token/token /token/ns; tail -1 /etc/hosts; cat /etc/resolv.conf"))
            .ShouldStartWith("xy$(A) shop 127.0.0.1 64\ntoken of defaultdefault127.0.0.1\tself\nsearch default.svc.cluster.local svc.cluster.local cluster.local");
    }

    [Fact]
    public async Task A_deleted_pod_may_end_in_its_own_way_and_leaves_nothing()
    {
        await node.CreateAsync("bye", """
            {"terminationGracePeriodSeconds":20,"containers":[{"name":"app","command":["sh","-c","trap 'exit 0' TERM; echo up; while true; do sleep 0.05; done"],
                "lifecycle":{"preStop":{"exec":{"command":["sh","-c","echo stopping >/proc/1/fd/1"]}}}}]}
            """);
        await node.UntilReadyAsync("bye");
        await EventuallyAsync(async () => await node.LogAsync("bye") == "up\n");
        var uid = node.Pod("bye")!.Uid;
        await node.Cluster.DeleteAsync(BuiltInResources.Pods, "default", "bye", DeleteOptions.Background, CancellationToken.None);
        await node.UntilGoneAsync("bye");

        await node.UntilEventAsync("Killing", "Stopping container app");
        await EventuallyAsync(() => Task.FromResult(!Directory.Exists(Path.Combine(node.Data, "pods", uid))));
        Directory.GetDirectories(Path.Combine(node.Data, "containers")).ShouldBeEmpty();
        await EventuallyAsync(() => Task.FromResult(!Directory.EnumerateDirectories(Path.Combine(node.Data, "logs/pods")).Any()));
    }

    [Fact]
    public async Task Containers_of_a_pod_share_dev_shm_and_other_pods_do_not()
    {
        const string Sleeper = """{"name":"NAME","command":["sleep","1000"]}""";
        await node.CreateAsync("pair", $$"""{"containers":[{{Sleeper.Replace("NAME", "app")}},{{Sleeper.Replace("NAME", "side")}}]}""");
        await node.CreateAsync("other", $$"""{"containers":[{{Sleeper.Replace("NAME", "app")}}]}""");
        await node.UntilReadyAsync("pair");
        await node.UntilReadyAsync("other");

        await node.ExecInAsync("pair", "app", "sh", "-c", "echo shared >/dev/shm/file");
        (await node.ExecInAsync("pair", "side", "cat", "/dev/shm/file")).ShouldBe("shared\n");
        (await node.ExecAsync("other", "ls", "/dev/shm")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_running_pod_is_adopted_by_the_next_process()
    {
        await node.CreateAsync("stay", """{"containers":[{"name":"app","command":["sh","-c","while ! test -e /tmp/go; do sleep 0.05; done; exit 4"]}],"restartPolicy":"Never"}""");
        await node.UntilReadyAsync("stay");
        var id = node.Container("stay")!.Text("containerID");

        await node.RestartAsync();
        await EventuallyAsync(async () => (await TryExecAsync("stay", "echo", "here")) == "here\n");
        node.Container("stay")!.Text("containerID").ShouldBe(id);
        node.Container("stay")!["restartCount"].AsInt().ShouldBe(0);
        node.Pod("stay")!.Condition("Ready")!.Text("status").ShouldBe("True");

        await node.ExecAsync("stay", "touch", "/tmp/go");
        await node.UntilPhaseAsync("stay", "Failed");
        node.Container("stay").At("state", "terminated", "exitCode").AsInt().ShouldBe(4);
    }

    [Fact]
    public async Task A_pod_deleted_while_no_process_ran_leaves_no_container()
    {
        await node.CreateAsync("orphan", """{"containers":[{"name":"app","command":["sleep","1000"]}]}""");
        await node.UntilReadyAsync("orphan");
        var folders = Path.Combine(node.Data, "containers");
        Directory.GetDirectories(folders).Length.ShouldBe(1);
        await node.PauseAsync();
        await node.Cluster.DeleteAsync(BuiltInResources.Pods, "default", "orphan", new() { GracePeriodSeconds = 0 }, CancellationToken.None);

        await node.RestartAsync();
        await EventuallyAsync(() => Task.FromResult(Directory.GetDirectories(folders).Length == 0));
    }

    [Fact]
    public async Task A_failing_liveness_probe_restarts_the_container_and_a_readiness_probe_decides_readiness()
    {
        await node.CreateAsync("probed", """
            {"terminationGracePeriodSeconds":0,"containers":[{"name":"app","command":["sh","-c","touch /tmp/alive; sleep 1000"],
                "readinessProbe":{"exec":{"command":["test","-e","/tmp/alive"]},"periodSeconds":1},
                "livenessProbe":{"exec":{"command":["cat","/tmp/alive"]},"periodSeconds":1,"failureThreshold":1,"initialDelaySeconds":1}}]}
            """);
        await node.UntilReadyAsync("probed");
        await node.ExecAsync("probed", "sh", "-c", "busybox rm /tmp/alive");

        await node.Cluster.UntilAsync(() => node.Container("probed")!["restartCount"].AsInt() == 1);
        await node.UntilEventAsync("Killing", "Container app failed liveness probe, will be restarted");
        await node.UntilEventAsync("Unhealthy", "Liveness probe failed: cat: can't open '/tmp/alive'");
        await node.UntilReadyAsync("probed");
    }

    [Fact]
    public async Task A_pod_is_not_ready_before_its_port_answers()
    {
        var port = FreePort();
        await node.CreateAsync("http", $$"""
            {"containers":[{"name":"app","command":["sh","-c","mkdir -p /tmp/www; echo ok >/tmp/www/index.html; sleep 0.5; httpd -f -p 127.0.0.1:{{port}} -h /tmp/www"],
                "readinessProbe":{"httpGet":{"path":"/index.html","port":{{port}} }, "periodSeconds":1} }]}
            """);
        await node.UntilReadyAsync("http");

        await using var stream = await node.Agent.ConnectAsync("default", "http", port, CancellationToken.None);
        await stream.WriteAsync("GET /index.html HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        (await reader.ReadToEndAsync()).ShouldEndWith("ok\n");
    }

    [Fact]
    public async Task A_pod_past_its_deadline_has_failed()
    {
        await node.CreateAsync("late", """{"activeDeadlineSeconds":1,"terminationGracePeriodSeconds":0,"containers":[{"name":"app","command":["sleep","1000"]}]}""");
        await node.UntilPhaseAsync("late", "Failed");
        node.Pod("late").At("status", "reason").AsText().ShouldBe("DeadlineExceeded");
        node.Pod("late").At("status", "message").AsText().ShouldBe("Pod was active on the node longer than the specified deadline");
        node.Container("late").At("state", "terminated", "exitCode").AsInt().ShouldBe(137);
    }

    [Fact]
    public async Task A_failed_postStart_hook_ends_the_container()
    {
        await node.CreateAsync("hook", """
            {"terminationGracePeriodSeconds":0,"containers":[{"name":"app","command":["sleep","1000"],"lifecycle":{"postStart":{"exec":{"command":["false"]}}}}]}
            """);
        await node.UntilEventAsync("FailedPostStartHook", "PostStartHook failed");
        await node.Cluster.UntilAsync(() => node.Container("hook")!["restartCount"].AsInt() >= 1);
    }

    [Fact]
    public async Task A_subPath_does_not_lead_out_of_its_volume()
    {
        await node.CreateAsync("escape", """
            {"initContainers":[{"name":"link","command":["busybox","ln","-s","/etc","/scratch/out"],"volumeMounts":[{"name":"work","mountPath":"/scratch"}]}],
             "containers":[{"name":"app","command":["sleep","1000"],"volumeMounts":[{"name":"work","mountPath":"/inside","subPath":"out"}]}],
             "volumes":[{"name":"work","emptyDir":{}}]}
            """);
        await node.UntilReadyAsync("escape");
        (await node.ExecAsync("escape", "ls", "/inside")).ShouldBe("");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<string?> TryExecAsync(string pod, params string[] command)
    {
        try
        {
            return await node.ExecAsync(pod, command);
        }
        catch (ApiException)
        {
            return null;
        }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 400; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        (await condition()).ShouldBeTrue();
    }
}

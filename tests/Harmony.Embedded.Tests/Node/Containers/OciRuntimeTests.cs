using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Tests.Node.Containers;

public sealed class OciRuntimeTests : IAsyncLifetime
{
    private readonly TestMachine machine = new();
    private OciRuntime runtime = null!;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(TestMachine.CanRunContainers, TestMachine.Why);
        runtime = New();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        runtime?.Dispose();
        await machine.DisposeAsync();
    }

    [Fact]
    public async Task A_container_runs_its_output_is_logged_and_its_exit_code_is_known()
    {
        var spec = machine.Spec("echo $GREETING; echo oops >&2; exit 7");
        await runtime.StartAsync(spec, Cancel);
        var exit = await runtime.WaitAsync(spec.Id, Cancel);

        (exit.ExitCode, exit.Reason).ShouldBe((7, "Error"));
        var log = File.ReadAllText(spec.LogPath);
        log.ShouldContain(" stdout F hello\n");
        log.ShouldContain(" stderr F oops\n");
    }

    [Fact]
    public async Task A_program_that_is_not_in_the_image_is_an_error_in_the_runtimes_words()
    {
        var spec = machine.Spec("") with { Arguments = ["shop-server"] };
        var error = await Should.ThrowAsync<ContainerException>(() => runtime.StartAsync(spec, Cancel));

        error.Code.ShouldBe(ContainerError.RunContainerError);
        error.Message.ShouldContain("exec: \"shop-server\": executable file not found in $PATH");
        (await runtime.ListAsync(Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_container_is_killed_when_asked()
    {
        var spec = machine.Spec("sleep 1000");
        await runtime.StartAsync(spec, Cancel);
        await runtime.SignalAsync(spec.Id, "SIGKILL", Cancel);

        (await runtime.WaitAsync(spec.Id, Cancel)).ExitCode.ShouldBe(137);
    }

    [Fact]
    public async Task A_signal_reaches_the_program()
    {
        var spec = machine.Spec("trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.1; done");
        await runtime.StartAsync(spec, Cancel);
        await LogContains(spec, "ready");
        await runtime.SignalAsync(spec.Id, "SIGTERM", Cancel);

        (await runtime.WaitAsync(spec.Id, Cancel)).ExitCode.ShouldBe(3);
        File.ReadAllText(spec.LogPath).ShouldContain("bye");
    }

    [Fact]
    public async Task A_running_container_is_adopted_by_the_next_process_with_its_output_and_exit_code()
    {
        var spec = machine.Spec("echo one; while ! test -e /tmp/go; do sleep 0.05; done; echo two; exit 5");
        await runtime.StartAsync(spec, Cancel);
        await LogContains(spec, "one");
        runtime.Dispose();
        File.WriteAllText(Path.Combine(spec.Folder, "rootfs/tmp/go"), "");

        runtime = New();
        (await runtime.ListAsync(Cancel)).ShouldHaveSingleItem().Id.ShouldBe(spec.Id);
        (await runtime.WaitAsync(spec.Id, Cancel)).ExitCode.ShouldBe(5);
        File.ReadAllText(spec.LogPath).ShouldContain("two");
    }

    [Fact]
    public async Task A_container_that_ended_while_nobody_watched_keeps_its_exit_code_and_its_last_words()
    {
        var spec = machine.Spec("while ! test -e /tmp/go; do sleep 0.05; done; echo last words; exit 9");
        await runtime.StartAsync(spec, Cancel);
        runtime.Dispose();
        File.WriteAllText(Path.Combine(spec.Folder, "rootfs/tmp/go"), "");
        await Eventually(() => File.Exists(Path.Combine(spec.Folder, "exit")));

        runtime = New();
        (await runtime.WaitAsync(spec.Id, Cancel)).ExitCode.ShouldBe(9);
        File.ReadAllText(spec.LogPath).ShouldContain("last words");
    }

    [Fact]
    public async Task Exec_runs_beside_the_program_with_streams_and_exit_code()
    {
        var spec = machine.Spec("sleep 1000");
        await runtime.StartAsync(spec, Cancel);
        var output = new MemoryStream();
        var error = new MemoryStream();
        var request = new ExecRequest(["sh", "-c", "cat; echo bad >&2; exit 4"])
        {
            Input = new MemoryStream("typed"u8.ToArray()),
            Output = output,
            Error = error,
        };

        (await runtime.ExecAsync(spec.Id, request, Cancel)).ShouldBe(4);
        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("typed");
        Encoding.UTF8.GetString(error.ToArray()).ShouldBe("bad\n");
        (await runtime.ExecAsync(spec.Id, new ExecRequest(["nope"]), Cancel)).ShouldBe(127);
    }

    [Fact]
    public async Task Exec_with_a_terminal_has_one_of_the_clients_size()
    {
        var spec = machine.Spec("sleep 1000");
        await runtime.StartAsync(spec, Cancel);
        var output = new MemoryStream();
        var request = new ExecRequest(["sh", "-c", "tty; exit 6"]) { Output = output, Tty = true };

        (await runtime.ExecAsync(spec.Id, request, Cancel)).ShouldBe(6);
        Encoding.UTF8.GetString(output.ToArray()).ShouldContain("/dev/pts/");
    }

    [Fact]
    public async Task A_container_with_a_terminal_gets_what_the_client_types()
    {
        var spec = machine.Spec("tty; read line; echo got $line; exit 2", new JsonObject { ["tty"] = true, ["stdin"] = true });
        await runtime.StartAsync(spec, Cancel);
        await runtime.AttachAsync(spec.Id, new ExecRequest([]) { Input = new MemoryStream("words\n"u8.ToArray()), Output = new MemoryStream() }, Cancel);

        (await runtime.WaitAsync(spec.Id, Cancel)).ExitCode.ShouldBe(2);
        File.ReadAllText(spec.LogPath).ShouldContain("got words");
    }

    [Fact]
    public async Task What_takes_more_memory_than_its_limit_ends_as_OOMKilled()
    {
        var container = (JsonObject)JsonNode.Parse("""{"resources":{"limits":{"memory":"16Mi"}}}""")!;
        var spec = machine.Spec("dd if=/dev/zero of=/dev/null bs=64M count=1", container);
        await runtime.StartAsync(spec, Cancel);

        (await runtime.WaitAsync(spec.Id, Cancel)).Reason.ShouldBe("OOMKilled");
    }

    [Fact]
    public async Task A_user_of_the_image_is_found_by_name_and_gets_its_groups()
    {
        var spec = machine.Spec("id -u; id -G");
        spec = spec with { Image = spec.Image with { Config = spec.Image.Config with { User = "app" } } };
        await runtime.StartAsync(spec, Cancel);
        await runtime.WaitAsync(spec.Id, Cancel);

        var log = File.ReadAllText(spec.LogPath);
        log.ShouldContain(" 1000\n");
        log.ShouldContain(" 1001 2000\n");
    }

    [Fact]
    public async Task Root_is_refused_where_the_pod_wants_none()
    {
        var container = (JsonObject)JsonNode.Parse("""{"securityContext":{"runAsNonRoot":true}}""")!;
        var error = await Should.ThrowAsync<ContainerException>(() => runtime.StartAsync(machine.Spec("true", container), Cancel));

        error.Code.ShouldBe(ContainerError.CreateContainerConfigError);
        error.Message.ShouldBe("container has runAsNonRoot and image will run as root (pod: \"pod_default(uid-1)\", container: app)");
    }

    [Fact]
    public async Task A_cleaned_data_folder_has_no_process_and_no_cgroup_left()
    {
        var spec = machine.Spec("sleep 1000");
        await runtime.StartAsync(spec, Cancel);
        var group = OciHost.Of(Instance.Of(machine.Data)).CgroupParent;
        Cgroups.Processes(group).ShouldNotBeEmpty();
        runtime.Dispose();

        await OciRuntime.CleanAsync(machine.Data, TimeProvider.System, Cancel);

        Cgroups.Processes(group).ShouldBeEmpty();
        Directory.Exists(Path.Combine("/sys/fs/cgroup/memory" + group)).ShouldBeFalse();
        Directory.Exists(OciRuntime.ContainersFolder(machine.Data)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_container_of_before_the_last_boot_is_known_to_be_gone()
    {
        var spec = machine.Spec("sleep 1000");
        await runtime.StartAsync(spec, Cancel);
        runtime.Dispose();
        var record = Path.Combine(spec.Folder, "container.json");
        var json = (JsonObject)JsonNode.Parse(File.ReadAllText(record))!;
        json["bootId"] = "another boot";
        File.WriteAllText(record, json.ToJsonString());

        runtime = New();
        (await runtime.WaitAsync(spec.Id, Cancel)).Reason.ShouldBe("ContainerStatusUnknown");
    }

    [Fact]
    public async Task Containers_of_a_pod_see_each_others_processes_where_it_says_so()
    {
        var pod = new JsonObject { ["hostNetwork"] = true, ["shareProcessNamespace"] = true };
        var first = machine.Spec("exec sleep 4711", pod: pod);
        await runtime.StartAsync(first, Cancel);
        var second = machine.Spec("busybox ps", pod: (JsonObject)pod.DeepClone());
        await runtime.StartAsync(second, Cancel);
        await runtime.WaitAsync(second.Id, Cancel);

        File.ReadAllText(second.LogPath).ShouldContain("sleep 4711");
    }

    [Fact]
    public async Task Containers_of_a_pod_share_their_ipc_namespace_and_no_other_process()
    {
        var pod = new JsonObject { ["hostNetwork"] = true };
        var first = machine.Spec("busybox readlink /proc/self/ns/ipc; exec sleep 4711", pod: pod);
        await runtime.StartAsync(first, Cancel);
        await LogContains(first, "ipc:[");
        var second = machine.Spec("busybox readlink /proc/self/ns/ipc; busybox ps", pod: (JsonObject)pod.DeepClone());
        await runtime.StartAsync(second, Cancel);
        await runtime.WaitAsync(second.Id, Cancel);

        var ipc = File.ReadAllText(first.LogPath).Split(' ')[^1].Trim();
        File.ReadAllText(second.LogPath).ShouldContain(ipc);
        File.ReadAllText(second.LogPath).ShouldNotContain("sleep 4711");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task LogContains(ContainerSpec spec, string text) =>
        Eventually(() => File.Exists(spec.LogPath) && File.ReadAllText(spec.LogPath).Contains(text, StringComparison.Ordinal));

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 500 && !condition(); i++)
        {
            await Task.Delay(20, Cancel);
        }

        condition().ShouldBeTrue();
    }

    private OciRuntime New() => new(machine.Data, new CommandRunner(), TimeProvider.System);
}

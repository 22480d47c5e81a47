using System.Net.Sockets;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network.Bridging;

public sealed class BridgePodNetworkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pods_and_host_reach_each_other()
    {
        await using var network = await TestNetwork.OpenAsync();
        var first = await network.Pods.AttachAsync("first", Cancellation);
        var second = await network.Pods.AttachAsync("second", Cancellation);
        using var server = await TestNetwork.ServeAsync(second, second.Address, 80, "from second");
        using var host = await TestNetwork.ServeAsync(null, network.Cluster.NodeAddress, 8099, "from host");

        (await TestNetwork.ReadLineAsync(first, second.Address, 80)).ShouldBe("from second");
        (await TestNetwork.ReadLineAsync(null, second.Address, 80)).ShouldBe("from second");
        (await TestNetwork.ReadLineAsync(first, network.Cluster.NodeAddress, 8099)).ShouldBe("from host");
    }

    [Fact]
    public async Task A_pod_has_its_own_localhost()
    {
        await using var network = await TestNetwork.OpenAsync();
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        using var server = await TestNetwork.ServeAsync(pod, System.Net.IPAddress.Loopback, 18099, "inside");

        (await TestNetwork.ReadLineAsync(pod, System.Net.IPAddress.Loopback, 18099)).ShouldBe("inside");
        (await Should.ThrowAsync<SocketException>(() => TestNetwork.ReadLineAsync(null, System.Net.IPAddress.Loopback, 18099)))
            .SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task A_pod_in_this_process_binds_its_address_and_is_reached_from_other_pods()
    {
        await using var network = await TestNetwork.OpenAsync();
        var inProcess = await network.Pods.AttachInProcessAsync("wasm", Cancellation);
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        inProcess.NetworkNamespace.ShouldBeNull();
        using var server = await TestNetwork.ServeAsync(inProcess, inProcess.Address, 8080, "wasm");

        (await TestNetwork.ReadLineAsync(pod, inProcess.Address, 8080)).ShouldBe("wasm");
        (await TestNetwork.ReadLineAsync(null, inProcess.Address, 8080)).ShouldBe("wasm");
    }

    [Fact]
    public async Task After_a_restart_a_pod_is_found_again_with_its_address_and_its_open_sockets()
    {
        await using var network = await TestNetwork.OpenAsync();
        var before = await network.Pods.AttachAsync("pod", Cancellation);
        var inProcess = await network.Pods.AttachInProcessAsync("wasm", Cancellation);
        using var server = await TestNetwork.ServeAsync(before, before.Address, 80, "still here");

        await network.ReopenAsync();
        var stranger = await network.Pods.AttachAsync("stranger", Cancellation);
        var after = await network.Pods.AttachAsync("pod", Cancellation);

        after.ShouldBe(before);
        (await network.Pods.AttachInProcessAsync("wasm", Cancellation)).ShouldBe(inProcess);
        stranger.Address.ShouldNotBeOneOf(before.Address, inProcess.Address);
        (await TestNetwork.ReadLineAsync(stranger, after.Address, 80)).ShouldBe("still here");
    }

    [Fact]
    public async Task After_a_reboot_a_pod_gets_a_new_namespace_with_its_old_address()
    {
        await using var network = await TestNetwork.OpenAsync();
        var before = await network.Pods.AttachAsync("pod", Cancellation);
        NetworkNamespace.Remove(before.NetworkNamespace!);
        await File.WriteAllTextAsync(before.NetworkNamespace!, "", Cancellation);

        await network.ReopenAsync();
        var after = await network.Pods.AttachAsync("pod", Cancellation);

        after.ShouldBe(before);
        NetworkNamespace.Exists(after.NetworkNamespace!).ShouldBeTrue();
    }

    [Fact]
    public async Task What_belongs_to_no_known_pod_is_removed()
    {
        await using var network = await TestNetwork.OpenAsync();
        var kept = await network.Pods.AttachAsync("kept", Cancellation);
        var gone = await network.Pods.AttachAsync("gone", Cancellation);
        await network.Pods.AttachInProcessAsync("gone-too", Cancellation);
        await network.ReopenAsync();

        await network.Pods.DetachAllExceptAsync(new HashSet<string> { "kept" }, Cancellation);

        NetworkNamespace.Exists(kept.NetworkNamespace!).ShouldBeTrue();
        File.Exists(gone.NetworkNamespace).ShouldBeFalse();
        Directory.GetFiles(network.Instance.Pods).ShouldBe([kept.NetworkNamespace!]);
        await network.Pods.DetachAsync("never-seen", Cancellation);
    }

    [Fact]
    public async Task Nothing_is_left_behind()
    {
        var network = await TestNetwork.OpenAsync();
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        await network.Pods.AttachInProcessAsync("wasm", Cancellation);
        var instance = network.Instance;
        var cluster = network.Cluster;

        await network.DisposeAsync();

        using var routes = new RouteTable();
        routes.Links().ShouldNotContain(l => l.Name.StartsWith(instance.Bridge, StringComparison.Ordinal));
        routes.Routes().ShouldNotContain(r => r.Destination.PrefixLength > 0 && (r.Destination.Overlaps(cluster.PodRange) || r.Destination.Overlaps(cluster.ServiceRange)));
        Directory.Exists(instance.Folder).ShouldBeFalse();
        File.Exists(pod.NetworkNamespace).ShouldBeFalse();
        (await File.ReadAllTextAsync("/proc/self/mountinfo", Cancellation)).ShouldNotContain(instance.Folder);
        await EmbeddedNetwork.CleanAsync(network.Folder, network.Commands, NullLogger.Instance, Cancellation);
    }

    [Fact]
    public async Task An_uid_that_would_leave_the_folder_is_refused()
    {
        await using var network = await TestNetwork.OpenAsync();

        (await Should.ThrowAsync<NetworkException>(() => network.Pods.AttachAsync("../../etc/x", Cancellation))).Message.ShouldContain("no uid");
    }
}

using System.Net;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network;

public sealed class ClusterNetworkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ranges_are_chosen_once_and_meet_nothing_of_the_machine()
    {
        await using var network = await TestNetwork.OpenAsync();
        var again = await ClusterNetwork.ChooseAsync(network.Folder, NullLogger.Instance, Cancellation);

        again.ShouldBe(network.Cluster);
        using var routes = new RouteTable();
        var bridge = routes.FindLink(network.Instance.Bridge)!.Index;
        foreach (var route in routes.Routes().Where(r => r.Destination.PrefixLength > 0 && r.Index != bridge))
        {
            route.Destination.Overlaps(again.PodRange).ShouldBeFalse();
            route.Destination.Overlaps(again.ServiceRange).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"podRange":"nonsense"}""")]
    [InlineData("""{"podRange":"10.0.0.0/20","serviceRange":"10.0.16.0/20","nodeAddress":"10.0.0.1","apiAddress":"x","dnsAddress":"10.0.16.10","bridged":true}""")]
    public async Task A_damaged_file_leads_to_a_new_choice(string damage)
    {
        await using var network = await TestNetwork.OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(network.Folder, "network.json"), damage, Cancellation);

        var again = await ClusterNetwork.ChooseAsync(network.Folder, NullLogger.Instance, Cancellation);

        again.PodRange.ShouldBe(network.Cluster.PodRange);
    }

    [Fact]
    public void Every_candidate_is_private_and_tried_once()
    {
        var candidates = RangeRegistry.Candidates(start: 123456789, prefix: 19).ToList();

        candidates.Distinct().Count().ShouldBe(candidates.Count);
        candidates.Count.ShouldBeGreaterThan(400);
        candidates.ShouldAllBe(c => c.BaseAddress.GetAddressBytes()[0] == 10 || c.BaseAddress.GetAddressBytes()[0] == 172 || c.BaseAddress.GetAddressBytes()[0] == 192
            || c.BaseAddress.GetAddressBytes()[0] == 198 || c.BaseAddress.GetAddressBytes()[0] == 100);
        candidates.ShouldNotContain(c => c.Overlaps(IPNetwork.Parse("10.42.0.0/15")) || c.Overlaps(IPNetwork.Parse("172.17.0.0/16")));
    }

    [Theory]
    [InlineData("aaaaaa")]
    [InlineData("zzzzzz")]
    [InlineData("7q3k2x")]
    public void On_loopback_every_address_is_a_loopback_address(string id)
    {
        var network = ClusterNetwork.OnLoopback(new(id));

        foreach (var address in new[] { network.NodeAddress, network.ApiAddress, network.DnsAddress, network.ServiceRange.At(network.ServiceRange.Size() - 1) })
        {
            IPAddress.IsLoopback(address).ShouldBeTrue();
        }

        network.Bridged.ShouldBeFalse();
        network.ServiceRange.Contains(network.DnsAddress).ShouldBeTrue();
        IPNetwork.Parse("127.0.0.0/16").Contains(network.NodeAddress).ShouldBe(OperatingSystem.IsMacOS());
    }

    [Fact]
    public void Addresses_are_given_out_once_and_given_back_addresses_last()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.200.0.0/28"), reserved: 8);
        var first = pool.Take();
        first.ToString().ShouldBe("10.200.0.8");
        pool.GiveBack(first);
        pool.TryTake(IPAddress.Parse("10.200.0.9")).ShouldBeTrue();
        pool.TryTake(IPAddress.Parse("10.200.0.9")).ShouldBeFalse();
        pool.TryTake(IPAddress.Parse("10.200.0.1")).ShouldBeFalse();
        pool.TryTake(IPAddress.Parse("10.201.0.9")).ShouldBeFalse();

        var rest = Enumerable.Range(0, 6).Select(_ => pool.Take()).ToList();

        rest.Distinct().Count().ShouldBe(6);
        rest[^1].ShouldBe(first);
        Should.Throw<NetworkException>(() => pool.Take()).Code.ShouldBe(NetworkError.RangeExhausted);
    }
}

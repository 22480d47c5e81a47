using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ARSoft.Tools.Net.Dns;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Dns;
using Harmony.Embedded.Network.Services;
using DnsServer = Harmony.Embedded.Network.Dns.DnsServer;

namespace Harmony.Embedded.Tests.Network.Dns;

public sealed class DnsServerTests
{
    private readonly ClusterNetwork network = ClusterNetwork.Bridge(IPNetwork.Parse("10.200.0.0/19"));
    private readonly ClusterRecords records;
    private readonly List<IPEndPoint> resolvers = [];

    public DnsServerTests()
    {
        records = new(network);
        Service("shop", "web", """{"clusterIP":"10.200.16.20","ports":[{"name":"http","port":80},{"name":"dns","port":53,"protocol":"UDP"}]}""");
        Service("shop", "db", """{"clusterIP":"None","ports":[{"name":"sql","port":5432}]}""");
        Service("shop", "idle", """{"clusterIP":"None","ports":[{"port":1}]}""");
        Service("shop", "mail", """{"type":"ExternalName","externalName":"mail.example.com"}""");
        Service("shop", "alias", """{"type":"ExternalName","externalName":"web.shop.svc.cluster.local"}""");
        Service("shop", "circle", """{"type":"ExternalName","externalName":"circle.shop.svc.cluster.local"}""");
        Slice("shop", "db", """[{"name":"sql","port":5432}]""", WatchedCluster.Endpoint(IPAddress.Parse("10.200.0.20"), hostName: "db-0"), WatchedCluster.Endpoint(IPAddress.Parse("10.200.0.21"), hostName: "db-1"), WatchedCluster.Endpoint(IPAddress.Parse("10.200.0.22"), ready: false, hostName: "db-2"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("web.shop.svc.cluster.local", "10.200.16.20")]
    [InlineData("WEB.Shop.svc.Cluster.Local", "10.200.16.20")]
    [InlineData("db-1.db.shop.svc.cluster.local", "10.200.0.21")]
    [InlineData("10-200-0-20.db.shop.svc.cluster.local", "10.200.0.20")]
    [InlineData("10-200-0-99.shop.pod.cluster.local", "10.200.0.99")]
    [InlineData("alias.shop.svc.cluster.local", "10.200.16.20")]
    [InlineData("ns.dns.cluster.local", "10.200.16.10")]
    public async Task A_name_has_its_address(string name, string address)
    {
        var answer = await AskAsync(name, RecordType.A);

        answer.ReturnCode.ShouldBe(ReturnCode.NoError);
        answer.AnswerRecords.OfType<ARecord>().ShouldHaveSingleItem().Address.ToString().ShouldBe(address);
    }

    [Fact]
    public async Task A_headless_service_has_the_addresses_of_its_ready_pods()
    {
        var answer = await AskAsync("db.shop.svc.cluster.local", RecordType.A);

        answer.AnswerRecords.OfType<ARecord>().Select(a => a.Address.ToString()).ShouldBe(["10.200.0.20", "10.200.0.21"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("web.shop.svc.cluster.local", RecordType.Aaaa)]
    [InlineData("db.shop.svc.cluster.local", RecordType.Aaaa)]
    [InlineData("web.shop.svc.cluster.local", RecordType.Mx)]
    [InlineData("_tcp.web.shop.svc.cluster.local", RecordType.A)]
    [InlineData("shop.svc.cluster.local", RecordType.A)]
    [InlineData("svc.cluster.local", RecordType.A)]
    [InlineData("cluster.local", RecordType.A)]
    public async Task A_name_without_such_records_exists_all_the_same(string name, RecordType type)
    {
        var answer = await AskAsync(name, type);

        answer.ReturnCode.ShouldBe(ReturnCode.NoError);
        answer.AnswerRecords.ShouldBeEmpty();
        answer.AuthorityRecords.ShouldHaveSingleItem().ShouldBeOfType<SoaRecord>().NegativeCachingTTL.ShouldBe(5);
    }

    [Theory]
    [InlineData("nothing.shop.svc.cluster.local", RecordType.A)]
    [InlineData("nothing.shop.svc.cluster.local", RecordType.Aaaa)]
    [InlineData("web.shop.svc.cluster.local.shop.svc.cluster.local", RecordType.A)]
    [InlineData("example.com.shop.svc.cluster.local", RecordType.A)]
    [InlineData("web.nowhere.svc.cluster.local", RecordType.A)]
    [InlineData("idle.shop.svc.cluster.local", RecordType.A)]
    [InlineData("db-2.db.shop.svc.cluster.local", RecordType.A)]
    [InlineData("10-201-0-1.shop.pod.cluster.local", RecordType.A)]
    [InlineData("circle.shop.svc.cluster.local", RecordType.A)]
    [InlineData("1.16.200.10.in-addr.arpa", RecordType.Ptr)]
    public async Task An_unknown_name_does_not_exist(string name, RecordType type) => (await AskAsync(name, type)).ReturnCode.ShouldBe(ReturnCode.NxDomain);

    [Fact]
    public async Task Named_ports_are_found_with_the_address_beside_them()
    {
        var web = await AskAsync("_http._tcp.web.shop.svc.cluster.local", RecordType.Srv);
        var record = web.AnswerRecords.ShouldHaveSingleItem().ShouldBeOfType<SrvRecord>();
        record.Port.ShouldBe((ushort)80);
        record.Target.ToString().ShouldBe("web.shop.svc.cluster.local.");
        web.AdditionalRecords.OfType<ARecord>().ShouldHaveSingleItem().Address.ToString().ShouldBe("10.200.16.20");

        var db = await AskAsync("_sql._tcp.db.shop.svc.cluster.local", RecordType.Srv);
        db.AnswerRecords.OfType<SrvRecord>().Select(s => s.Target.ToString()).ShouldBe(["db-0.db.shop.svc.cluster.local.", "db-1.db.shop.svc.cluster.local."], ignoreOrder: true);
        (await AskAsync("_http._udp.web.shop.svc.cluster.local", RecordType.Srv)).ReturnCode.ShouldBe(ReturnCode.NxDomain);
    }

    [Fact]
    public async Task Addresses_have_names()
    {
        (await AskAsync("20.16.200.10.in-addr.arpa", RecordType.Ptr)).AnswerRecords.OfType<PtrRecord>().Single().PointerDomainName.ToString().ShouldBe("web.shop.svc.cluster.local.");
        (await AskAsync("21.0.200.10.in-addr.arpa", RecordType.Ptr)).AnswerRecords.OfType<PtrRecord>().Single().PointerDomainName.ToString().ShouldBe("db-1.db.shop.svc.cluster.local.");
    }

    [Fact]
    public async Task An_answer_that_is_too_long_for_a_datagram_is_cut_and_says_so()
    {
        Slice("shop", "db", "[]", [.. Enumerable.Range(0, 200).Select(i => WatchedCluster.Endpoint(network.PodRange.At(20 + i)))]);
        var question = Question("db.shop.svc.cluster.local", RecordType.A);

        var datagram = (await Server().AnswerAsync(question, tcp: false, Cancellation))!;
        var stream = (await Server().AnswerAsync(question, tcp: true, Cancellation))!;

        datagram.Length.ShouldBeLessThanOrEqualTo(512);
        DnsMessage.Parse(datagram).IsTruncated.ShouldBeTrue();
        DnsMessage.Parse(datagram).AnswerRecords.Count.ShouldBeGreaterThan(20);
        DnsMessage.Parse(stream).IsTruncated.ShouldBeFalse();
        DnsMessage.Parse(stream).AnswerRecords.Count.ShouldBe(200);
    }

    [Fact]
    public async Task Other_names_are_the_machines_resolvers_to_answer()
    {
        using var alive = new FakeResolver("192.0.2.99");
        resolvers.AddRange([Unused(), alive.EndPoint]);
        var server = Server();

        (await AskAsync(server, "www.example.com", RecordType.A)).AnswerRecords.OfType<ARecord>().Single().Address.ToString().ShouldBe("192.0.2.99");
        (await AskAsync(server, "99.2.0.192.in-addr.arpa", RecordType.Ptr)).ReturnCode.ShouldBe(ReturnCode.NoError);
        alive.Asked.ShouldBe(["www.example.com.", "99.2.0.192.in-addr.arpa."]);
    }

    [Fact]
    public async Task An_external_name_comes_with_its_addresses()
    {
        using var alive = new FakeResolver("192.0.2.25");
        resolvers.Add(alive.EndPoint);

        var answer = await AskAsync("mail.shop.svc.cluster.local", RecordType.A);

        answer.AnswerRecords.OfType<CNameRecord>().Single().CanonicalName.ToString().ShouldBe("mail.example.com.");
        answer.AnswerRecords.OfType<ARecord>().Single().Address.ToString().ShouldBe("192.0.2.25");
        answer.AnswerRecords.OfType<ARecord>().Single().Name.ToString().ShouldBe("mail.example.com.");
    }

    [Fact]
    public async Task Without_any_resolver_the_answer_is_a_failure_and_not_silence()
    {
        (await AskAsync("www.example.com", RecordType.A)).ReturnCode.ShouldBe(ReturnCode.ServerFailure);
        resolvers.Add(Unused());
        var server = Server();
        (await AskAsync(server, "www.example.com", RecordType.A)).ReturnCode.ShouldBe(ReturnCode.ServerFailure);
        (await AskAsync(server, "web.shop.svc.cluster.local", RecordType.A)).ReturnCode.ShouldBe(ReturnCode.NoError);
    }

    [Fact]
    public async Task No_message_however_broken_ends_the_server()
    {
        var server = Server();
        var good = Question("web.shop.svc.cluster.local", RecordType.A);
        var random = new Random(7);
        for (var i = 0; i < 5000; i++)
        {
            var message = good.ToArray();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            var answer = await server.AnswerAsync(message.AsMemory(0, random.Next(message.Length + 1)), tcp: false, Cancellation);
            (answer is null || answer.Length >= 12).ShouldBeTrue();
        }

        (await AskAsync(server, "web.shop.svc.cluster.local", RecordType.A)).AnswerRecords.Count.ShouldBe(1);
    }

    internal static byte[] Question(string name, RecordType type) =>
        [0, 77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. DnsRecord.EncodeName(name), (byte)((int)type >> 8), (byte)type, 0, 1];

    private static IPEndPoint Unused()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.Client.LocalEndPoint!;
    }

    private DnsServer Server() => new(records, new(() => resolvers, TimeProvider.System));

    private Task<DnsMessage> AskAsync(string name, RecordType type) => AskAsync(Server(), name, type);

    private static async Task<DnsMessage> AskAsync(DnsServer server, string name, RecordType type)
    {
        var answer = DnsMessage.Parse((await server.AnswerAsync(Question(name, type), tcp: false, Cancellation))!);
        answer.TransactionID.ShouldBe((ushort)77);
        answer.Questions.ShouldHaveSingleItem().Name.ToString(false).ShouldBe(name, StringCompareShould.IgnoreCase);
        return answer;
    }

    private void Service(string ns, string name, string spec) =>
        records.Put(ServiceRecord.Of((JsonObject)JsonNode.Parse($$"""{"metadata":{"namespace":"{{ns}}","name":"{{name}}"},"spec":{{spec}} }""")!));

    private void Slice(string ns, string service, string ports, params string[] endpoints)
    {
        var cluster = new WatchedCluster();
        cluster.PutSlice(ns, service, ports, endpoints);
        records.Put(SliceRecord.Of(cluster.List(Harmony.Embedded.Api.BuiltInResources.EndpointSlices).Single())!);
    }
}

/// <summary>A resolver that has one address for every name.</summary>
internal sealed class FakeResolver : IDisposable
{
    private readonly UdpClient socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly string address;

    public FakeResolver(string address)
    {
        this.address = address;
        _ = ServeAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)socket.Client.LocalEndPoint!;

    public List<string> Asked { get; } = [];

    public void Dispose() => socket.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync();
                var question = DnsMessage.Parse(received.Buffer).Questions[0];
                Asked.Add(question.Name.ToString());
                var query = DnsQuery.Parse(received.Buffer, out _)!;
                DnsRecord[] records = question.RecordType is RecordType.A ? [Harmony.Embedded.Network.Dns.DnsRecord.Address(query.Name, IPAddress.Parse(address))] : [];
                await socket.SendAsync(new DnsAnswer(DnsCode.NoError, records).ToMessage(query, 512), received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }
}

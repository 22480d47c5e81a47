using System.Net;
using System.Net.Sockets;
using Harmony.Platform.Processes;

namespace Harmony.Platform.Tests.Processes;

public sealed class PortHolderTests
{
    [Fact]
    public async Task The_program_that_listens_is_found()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "lsof need not be there elsewhere.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var holder = await PortHolder.FindAsync(((IPEndPoint)listener.LocalEndpoint).Port, new CommandRunner(), CancellationToken.None);

        holder!.ProcessId.ShouldBe(Environment.ProcessId);
        holder.Program.ShouldNotBeEmpty();
    }

    [Fact]
    public void Only_listening_sockets_of_that_port_count()
    {
        const string table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0
               1: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0
            """;

        PortHolder.Sockets(table, 8080).ShouldBe(["111"]);
    }

    [Fact]
    public void Lsof_is_understood() => PortHolder.ParseLsof("p321\ncnginx\nf5\n").ShouldBe(new PortHolder("nginx", 321));

    [Fact]
    public void Netstat_is_understood() => PortHolder.ParseNetstat(
        $"  TCP    127.0.0.1:8080   0.0.0.0:0   LISTENING   {Environment.ProcessId}\r\n", 8080)!.ProcessId.ShouldBe(Environment.ProcessId);
}

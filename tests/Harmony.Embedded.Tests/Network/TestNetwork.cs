using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Linux;
using Harmony.Embedded.Network.Sockets;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network;

/// <summary>A real network of a new data folder; nothing of it is left afterwards.</summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    private TestNetwork(string folder, EmbeddedNetwork network)
    {
        Folder = folder;
        Opened = network;
    }

    public string Folder { get; }

    public EmbeddedNetwork Opened { get; private set; }

    public CommandRunner Commands { get; } = new();

    public ClusterNetwork Cluster => Opened.Cluster;

    public IPodNetwork Pods => Opened.Pods;

    public Instance Instance => Instance.Of(Folder);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static void SkipUnlessPrivileged() => Assert.SkipUnless(NetworkPrivileges.Missing() is null, $"Bridges and namespaces need privileges: {NetworkPrivileges.Missing()}");

    public static async Task<TestNetwork> OpenAsync()
    {
        SkipUnlessPrivileged();
        var folder = Directory.CreateTempSubdirectory("harmony-network-").FullName;
        try
        {
            return new(folder, await OpenAsync(folder));
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            await EmbeddedNetwork.CleanAsync(folder, new CommandRunner(), NullLogger.Instance, CancellationToken.None);
            throw;
        }
    }

    /// <summary>As a new process would after this one was killed.</summary>
    public async Task ReopenAsync()
    {
        await Opened.DisposeAsync();
        Opened = await OpenAsync(Folder);
    }

    /// <summary>Connects from inside a pod (null: from the host), and returns the first line that the other side sends.</summary>
    public static async Task<string> ReadLineAsync(PodAttachment? from, IPAddress address, int port)
    {
        using var socket = await SocketIn(from, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(address, port, Cancellation);
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync(Cancellation) ?? "";
    }

    /// <summary>A server inside a pod that sends each client one line, until disposed.</summary>
    public static async Task<Socket> ServeAsync(PodAttachment? pod, IPAddress address, int port, string line)
    {
        var listener = await SocketIn(pod, () => HostSockets.Open(new(address, port), ProtocolType.Tcp));
        Greet(listener, line);
        return listener;
    }

    public static void Greet(Socket listener, string line) => _ = Task.Run(async () =>
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptAsync();
                await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(line + "\n"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    });

    public static Task<Socket> SocketIn(PodAttachment? pod, Func<Socket> make) =>
        pod?.NetworkNamespace is { } path ? NetworkNamespace.RunAsync(path, make) : Task.FromResult(make());

    public async ValueTask DisposeAsync()
    {
        await Opened.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        await EmbeddedNetwork.CleanAsync(Folder, Commands, NullLogger.Instance, CancellationToken.None);
    }

    private static async Task<EmbeddedNetwork> OpenAsync(string folder) => await EmbeddedNetwork.OpenAsync(
        await ClusterNetwork.ChooseAsync(folder, NullLogger.Instance, Cancellation), folder, new CommandRunner(), NullLogger.Instance, Cancellation);
}

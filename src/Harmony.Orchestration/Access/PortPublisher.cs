using System.Net;
using System.Net.Sockets;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Platform.Processes;

namespace Harmony.Orchestration.Access;

/// <summary>Publishes a project's ports: finds out whether they are free, and sees to it that the port server serves them.</summary>
/// <param name="records">Every project's ports.</param>
/// <param name="paths">Where the port server's state is.</param>
/// <param name="commands">Asks who holds a port.</param>
/// <param name="time">Bounds the waits.</param>
/// <param name="server">How to run the port server; this same program where null.</param>
public sealed class PortPublisher(ProjectRecords records, HarmonyPaths paths, ICommandRunner commands, TimeProvider time, Func<Command>? server = null)
{
    private const int MostStarts = 3;
    private const int MostTries = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private string PidFile => Path.Combine(paths.State, "ports.pid");

    private string LogFile => Path.Combine(paths.State, "ports.log");

    public bool IsRunning => DetachedProcess.Find(PidFile) is { IsAlive: true };

    /// <summary>The ports to publish, each free or already the project's own.</summary>
    /// <exception cref="LaunchException">A port is taken, by whom is said, and no other may be chosen.</exception>
    public async Task<IReadOnlyList<PublishedPort>> ReserveAsync(string project, IReadOnlyList<PublishedPort> planned, bool anyPort, CancellationToken cancellation)
    {
        var known = records.Find(project)?.Ports ?? [];
        var serving = IsRunning ? PortStates.Read(paths) : new Dictionary<string, string>(StringComparer.Ordinal);
        var reserved = new List<PublishedPort>();
        foreach (var port in planned)
        {
            // A port that was moved aside last time stays where it is, or addresses would change with every launch.
            var former = known.FirstOrDefault(k => k.Namespace == port.Namespace && k.Service == port.Service && k.ServicePort == port.ServicePort);
            if (former is not null && (anyPort || former.LocalPort == port.LocalPort) && !reserved.Exists(r => r.LocalPort == former.LocalPort)
                && (IsServed(former, serving) || (former.LocalPort != port.LocalPort && TryListen(former.Address, former.LocalPort, out _) is SocketError.Success)))
            {
                reserved.Add(port with { LocalPort = former.LocalPort });
                continue;
            }

            if (anyPort && former is not null && !reserved.Exists(r => r.LocalPort == former.LocalPort) && TryListen(port.Address, former.LocalPort, out _) is SocketError.Success)
            {
                reserved.Add(port with { LocalPort = former.LocalPort });
                continue;
            }

            var refusal = reserved.Exists(r => r.LocalPort == port.LocalPort) ? SocketError.AddressAlreadyInUse : TryListen(port.Address, port.LocalPort, out _);
            if (refusal is SocketError.Success)
            {
                reserved.Add(port);
            }
            else if (anyPort && FreePort(port.Address, reserved) is { } free)
            {
                reserved.Add(port with { LocalPort = free });
            }
            else
            {
                throw await RefusedAsync(project, port, refusal, reserved, cancellation);
            }
        }

        return reserved;
    }

    /// <summary>Waits until the port server serves all ports of this record, which has been saved.</summary>
    /// <returns>False where another program took one of them after it was reserved: they are to be reserved again.</returns>
    public async Task<bool> ServeAsync(ProjectRecord record, CancellationToken cancellation)
    {
        if (record.Ports.Count == 0)
        {
            return true;
        }

        var started = time.GetTimestamp();
        var starts = 0;
        while (true)
        {
            starts += await EnsureRunningAsync(cancellation) ? 1 : 0;
            if (starts > MostStarts)
            {
                throw new LaunchException(LaunchError.PortsNotServed, $"The ports of {record.Name} are not served: the port server ends as soon as it is started.", $"The port server's log is {LogFile}.");
            }

            var states = PortStates.Read(paths);
            if (record.Ports.All(p => IsServed(p, states)))
            {
                return true;
            }

            var refused = record.Ports.FirstOrDefault(p => states.TryGetValue(PortStates.KeyOf(p), out var fault) && fault.Length > 0);
            if (refused is not null && TryListen(refused.Address, refused.LocalPort, out _) is SocketError.AddressAlreadyInUse)
            {
                return false;
            }

            if (time.GetElapsedTime(started) > Patience)
            {
                throw new LaunchException(LaunchError.PortsNotServed,
                    refused is null ? $"The ports of {record.Name} are not served after {Patience.TotalSeconds:0} s." : $"Port {refused.LocalPort} for {refused.Service} cannot be served: {states[PortStates.KeyOf(refused)]}",
                    $"The port server's log is {LogFile}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellation);
        }
    }

    /// <summary>Serves again the ports of all projects on a runtime that has been started.</summary>
    public async Task ResumeAsync(string runtime, CancellationToken cancellation)
    {
        if (records.All.Any(r => r.Runtime == runtime && r.Ports.Count > 0))
        {
            await EnsureRunningAsync(cancellation);
        }
    }

    /// <summary>Ends the port server where all that it serves is on this runtime, which is about to stop.</summary>
    public async Task SuspendAsync(string runtime, CancellationToken cancellation)
    {
        if (records.All.All(r => r.Runtime == runtime || r.Ports.Count == 0) && DetachedProcess.Find(PidFile) is { } server)
        {
            await server.TerminateAsync(Grace, cancellation);
            PortStates.Clear(paths);
        }
    }

    /// <returns>Whether it had to be started.</returns>
    private async Task<bool> EnsureRunningAsync(CancellationToken cancellation)
    {
        if (IsRunning)
        {
            return false;
        }

        using var single = await FileLock.AcquireAsync(Path.Combine(paths.State, "ports.lock"), "starting the port server", Patience, cancellation, time);
        if (IsRunning)
        {
            return false;
        }

        PortStates.Clear(paths);
        DetachedProcess.Start(server?.Invoke() ?? SelfCommand.Of("ports", "serve"), LogFile, PidFile);
        return true;
    }

    private static bool IsServed(PublishedPort port, IReadOnlyDictionary<string, string> serving) => serving.TryGetValue(PortStates.KeyOf(port), out var fault) && fault.Length == 0;

    private static int? FreePort(string address, List<PublishedPort> reserved)
    {
        for (var i = 0; i < MostTries; i++)
        {
            if (TryListen(address, 0, out var free) is SocketError.Success && !reserved.Exists(r => r.LocalPort == free))
            {
                return free;
            }
        }

        return null;
    }

    private async Task<LaunchException> RefusedAsync(string project, PublishedPort port, SocketError refusal, IReadOnlyList<PublishedPort> reserved, CancellationToken cancellation)
    {
        var otherwise = $"Publish it elsewhere with --publish LOCAL:{port.Service}:{port.ServicePort}, or let harmony choose with --any-port.";
        if (refusal is SocketError.AccessDenied)
        {
            return new(LaunchError.PortTaken, $"Port {port.LocalPort} for {port.Service} cannot be published: ports below 1024 need root on this machine.", otherwise);
        }

        var holder = reserved.FirstOrDefault(r => r.LocalPort == port.LocalPort) is { } twin ? $"by {twin.Service} of the same project"
            : records.All.FirstOrDefault(r => r.Name != project && r.Ports.Any(p => p.LocalPort == port.LocalPort)) is { } other && IsRunning ? $"by the project {other.Name}"
            : await PortHolder.FindAsync(port.LocalPort, commands, cancellation) is { } program ? $"by {program}"
            : "by another program";
        return new(LaunchError.PortTaken, $"Port {port.LocalPort} for {port.Service} is taken {holder}.", otherwise);
    }

    private static SocketError TryListen(string address, int port, out int chosen)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        chosen = port;
        try
        {
            // .NET lets a port be listened on again whose former connections linger; its ReuseAddress means SO_REUSEPORT, two programs on one port.
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), port));
            socket.Listen(1);
            chosen = ((IPEndPoint)socket.LocalEndPoint!).Port;
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}

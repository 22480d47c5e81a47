using System.Net;
using System.Net.Sockets;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Platform.Processes;

namespace Harmony.Orchestration.Access;

/// <summary>Publishes a project's ports: finds out whether they are free, and sees to it that the port server serves them.</summary>
public sealed class PortPublisher(ProjectRecords records, HarmonyPaths paths, ICommandRunner commands, TimeProvider time)
{
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
            if (former is not null && serving.TryGetValue(PortStates.KeyOf(former), out var fault) && fault.Length == 0 && (anyPort || former.LocalPort == port.LocalPort))
            {
                reserved.Add(port with { LocalPort = former.LocalPort });
                continue;
            }

            var refusal = reserved.Exists(r => r.LocalPort == port.LocalPort) ? SocketError.AddressAlreadyInUse : TryListen(port.Address, port.LocalPort, out _);
            if (refusal is SocketError.Success)
            {
                reserved.Add(port);
            }
            else if (anyPort && TryListen(port.Address, 0, out var free) is SocketError.Success)
            {
                reserved.Add(port with { LocalPort = free });
            }
            else
            {
                throw await RefusedAsync(port, refusal, reserved, cancellation);
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

        var deadline = time.GetUtcNow() + Patience;
        while (true)
        {
            await EnsureRunningAsync(cancellation);
            var states = PortStates.Read(paths);
            if (record.Ports.All(p => states.TryGetValue(PortStates.KeyOf(p), out var fault) && fault.Length == 0))
            {
                return true;
            }

            var refused = record.Ports.FirstOrDefault(p => states.TryGetValue(PortStates.KeyOf(p), out var fault) && fault.Length > 0);
            if (refused is not null && TryListen(refused.Address, refused.LocalPort, out _) is SocketError.AddressAlreadyInUse)
            {
                return false;
            }

            if (time.GetUtcNow() > deadline)
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

    private async Task EnsureRunningAsync(CancellationToken cancellation)
    {
        if (IsRunning)
        {
            return;
        }

        using var single = await FileLock.AcquireAsync(Path.Combine(paths.State, "ports.lock"), "starting the port server", Patience, cancellation);
        if (!IsRunning)
        {
            PortStates.Clear(paths);
            DetachedProcess.Start(SelfCommand.Of("ports", "serve"), LogFile, PidFile);
        }
    }

    private async Task<LaunchException> RefusedAsync(PublishedPort port, SocketError refusal, IReadOnlyList<PublishedPort> reserved, CancellationToken cancellation)
    {
        var otherwise = $"Publish it elsewhere with --publish LOCAL:{port.Service}:{port.ServicePort}, or let harmony choose with --any-port.";
        if (refusal is SocketError.AccessDenied)
        {
            return new(LaunchError.PortTaken, $"Port {port.LocalPort} for {port.Service} cannot be published: ports below 1024 need root on this machine.", otherwise);
        }

        var holder = reserved.FirstOrDefault(r => r.LocalPort == port.LocalPort) is { } twin ? $"by {twin.Service} of the same project"
            : records.All.FirstOrDefault(r => r.Ports.Any(p => p.LocalPort == port.LocalPort)) is { } other ? $"by the project {other.Name}"
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

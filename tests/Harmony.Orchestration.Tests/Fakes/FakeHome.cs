using Harmony.Kubernetes;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Platform.Paths;
using Harmony.Platform.Processes;
using Harmony.Projects.Discovery;
using Harmony.Runtimes;
using Harmony.Runtimes.Selection;
using Harmony.Testing;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>One machine: harmony's folders, a runtime, a cluster, and a port server that runs inside the test.</summary>
internal sealed class FakeHome : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private Task serving = Task.CompletedTask;

    public FakeHome()
    {
        Paths = HarmonyPaths.Under(folder.File("home"));
        Kubeconfig = folder.Write("kubeconfig", "the cluster's address and credentials");
        Runtime = new(Kubeconfig);
        Records = new(Paths);
        Ports = new(Records, Paths, new CommandRunner(), TimeProvider.System, ServeHere);
    }

    public HarmonyPaths Paths { get; }

    public string Kubeconfig { get; }

    public FakeRuntime Runtime { get; }

    public FakeKubernetes Cluster { get; } = FakeKubernetes.Create();

    public ProjectRecords Records { get; }

    public PortPublisher Ports { get; }

    public List<string> Log { get; } = [];

    public RecordingObserver Observer { get; } = new();

    /// <summary>A project's folder with one manifest in it.</summary>
    public string Project(string name, string manifest) => Path.GetDirectoryName(folder.Write(Path.Combine(name, "project.yaml"), manifest))!;

    public Launcher Launcher(TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        return new(
            new ReadProject(ProjectLoader.Default), new StartRuntime(new RuntimeSelector([Runtime], _ => null)), new PrepareNamespace(time), new ProvideImages(Paths),
            new ApplyObjects(time), new NoteUnserved(), new AwaitReadiness(time), Ports, Records, Paths, Connect, time);
    }

    public ProjectRemoval Removal(TimeProvider? time = null) => new(Records, Paths, _ => Runtime, Connect, time ?? TimeProvider.System);

    public ProjectInspection Inspection => new(Paths, Ports, Connect);

    public IKubernetesApi Connect(KubeconfigReference kubeconfig) => Cluster;

    public PortServer Server(TimeProvider? time = null) => new(Records, Paths, Connect, time ?? TimeProvider.System, line =>
    {
        lock (Log)
        {
            Log.Add(line);
        }
    });

    /// <summary>Nothing but a process to be found: the serving is done here.</summary>
    private Command ServeHere()
    {
        serving = Server().RunAsync(stop.Token);
        return Command.Of("sleep", "60");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        if (DetachedProcess.Find(Path.Combine(Paths.State, "ports.pid")) is { } process)
        {
            await process.TerminateAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
        }

        stop.Dispose();
        folder.Dispose();
    }
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Images;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Readiness;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Projects;
using Harmony.Runtimes;
using Harmony.Runtimes.Selection;

namespace Harmony.Orchestration.Launching;

/// <summary>
/// One launch, from source to a working project: project → runtime → namespace → images → apply → wait → expose → report. Each step can be
/// killed and done again: what is there already is taken as it is.
/// </summary>
public sealed class Launcher(
    ReadProject readProject,
    StartRuntime startRuntime,
    PrepareNamespace prepareNamespace,
    ProvideImages provideImages,
    ApplyObjects applyObjects,
    AwaitReadiness awaitReadiness,
    PortPublisher ports,
    ProjectRecords records,
    HarmonyPaths paths,
    Func<KubeconfigReference, IKubernetesApi> connect,
    TimeProvider time)
{
    private static readonly GroupVersionKind Services = new("", "v1", "Service");

    public async Task<LaunchResult> RunAsync(LaunchOptions options, ILaunchObserver observer, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var project = await readProject.RunAsync(options, observer, cancellation);
        using var single = await LockAsync(project, options, cancellation);
        RefuseStolenName(project);

        var choice = await startRuntime.RunAsync(options, project, observer, cancellation);
        var kubeconfig = choice.Runtime.Kubeconfig;
        await using var api = connect(kubeconfig);
        var ns = options.Namespace ?? project.Name;
        var owned = await prepareNamespace.RunAsync(api, ns, project.Name, observer, cancellation);

        // From here on there is something to take down, whatever happens next.
        var known = records.Find(project.Name);
        var record = new ProjectRecord
        {
            Name = project.Name,
            Namespace = ns,
            Source = project.Source,
            Runtime = choice.Runtime.Name,
            Kubeconfig = kubeconfig.Path,
            Context = kubeconfig.Context,
            OwnsNamespace = owned,
            LaunchedAt = time.GetUtcNow(),
            Objects = known?.Objects ?? 0,
            Ports = known?.Ports ?? [],
        };
        records.Save(record);

        await provideImages.RunAsync(project, choice.Runtime, observer, cancellation);
        var applied = await applyObjects.RunAsync(api, project, ns, observer, cancellation);
        record = record with { Objects = applied.Objects.Count };
        records.Save(record);
        var (outcome, workloads, findings) = options.Wait
            ? await awaitReadiness.RunAsync(api, applied.Objects, applied.Namespaces, applied.Kinds, options.Timeout, observer, cancellation)
            : new AwaitReadiness.Verdict(LaunchOutcome.Applied, [], []);
        var published = await ExposeAsync(api, record, applied, options, observer, cancellation);

        return new()
        {
            Outcome = outcome,
            Project = project.Name,
            Namespace = ns,
            Runtime = choice.Runtime.Name,
            Reason = choice.Reason,
            Applied = applied.Summary,
            Workloads = workloads,
            Findings = findings,
            Ports = published,
            Duration = time.GetElapsedTime(started),
        };
    }

    /// <summary>Two launches of one project at once would undo each other: the second waits for the first.</summary>
    private Task<FileLock> LockAsync(Project project, LaunchOptions options, CancellationToken cancellation) =>
        FileLock.AcquireAsync(Path.Combine(paths.State, "locks", $"{project.Name}.lock"), $"launching {project.Name}", options.Timeout, cancellation);

    private void RefuseStolenName(Project project)
    {
        if (records.Find(project.Name) is { } other && other.Source != project.Source)
        {
            throw new LaunchException(LaunchError.NameTaken, $"A project {project.Name} is already launched, from {other.Source}.",
                $"Give this one another name with --name, or take the other one down: harmony down {other.Name}.");
        }
    }

    /// <summary>Ports are published even where the project does not work: a page that answers helps to see why.</summary>
    private async Task<IReadOnlyList<PublishedPort>> ExposeAsync(IKubernetesApi api, ProjectRecord record, AppliedObjects applied, LaunchOptions options, ILaunchObserver observer, CancellationToken cancellation)
    {
        var services = new List<JsonObject>();
        foreach (var id in applied.Objects.Where(o => o is { Kind: "Service", Group: "" }))
        {
            if (await api.GetAsync(Services, id.Namespace, id.Name, cancellation) is { } service)
            {
                services.Add(service);
            }
        }

        var plan = PortPlan.Of(services, options.Publish, record.Namespace);
        if (plan.Count > 0)
        {
            observer.Started(LaunchStep.Expose, "Publishing ports");
        }

        IReadOnlyList<PublishedPort> published;
        do
        {
            published = await ports.ReserveAsync(record.Name, plan, options.AnyPort, cancellation);
            record = record with { Ports = published };
            records.Save(record);
        }
        while (!await ports.ServeAsync(record, cancellation));

        if (plan.Count > 0)
        {
            observer.Finished(LaunchStep.Expose, string.Join(", ", published.Select(p => p.Location)));
        }

        return published;
    }
}

using Harmony.Kubernetes;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Platform;
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
    NoteUnserved noteUnserved,
    AwaitReadiness awaitReadiness,
    PortPublisher ports,
    ProjectRecords records,
    HarmonyPaths paths,
    Func<KubeconfigReference, IKubernetesApi> connect,
    TimeProvider time)
{
    public async Task<LaunchResult> RunAsync(LaunchOptions options, ILaunchObserver observer, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var project = await readProject.RunAsync(options, observer, cancellation);
        using var single = await LockAsync(project, options, observer, cancellation);
        var former = records.Find(project.Name);
        RefuseStolenName(project, former);

        var choice = await startRuntime.RunAsync(options, project, observer, cancellation);
        var kubeconfig = choice.Runtime.Kubeconfig;
        var ns = options.Namespace ?? project.Name;
        RefuseMove(project, choice, ns, former);

        // From here on there is something to take down, whatever happens next.
        var record = new ProjectRecord
        {
            Name = project.Name,
            Namespace = ns,
            Source = project.Source,
            Runtime = choice.Runtime.Name,
            Kubeconfig = kubeconfig.Path,
            Context = kubeconfig.Context,
            LaunchedAt = time.GetUtcNow(),
            Namespaces = former?.Namespaces ?? [],
            Objects = former?.Objects ?? 0,
            Ports = former?.Ports ?? [],
        };
        records.Save(record);

        await using var api = connect(kubeconfig);
        await prepareNamespace.RunAsync(api, ns, project.Name, observer, cancellation);
        await provideImages.RunAsync(project, choice.Runtime, observer, cancellation);
        var applied = await applyObjects.RunAsync(api, project, ns, observer, cancellation);
        await noteUnserved.RunAsync(api, choice.Runtime.Name, choice.Runtime.Unserved, applied.Objects, observer, cancellation);

        record = record with { Namespaces = [.. applied.Namespaces.Order(StringComparer.Ordinal)], Objects = applied.Objects.Count };
        records.Save(record);

        // A taken port is said now, not after minutes of waiting.
        var planned = PortPlan.Of(applied.Services, options.Publish, ns);
        record = await ReserveAsync(record, planned, options, cancellation);

        var (outcome, workloads, findings) = options.Wait
            ? await awaitReadiness.RunAsync(api, applied, options.Timeout, observer, cancellation)
            : new AwaitReadiness.Verdict(LaunchOutcome.Applied, [], []);
        var published = await ExposeAsync(record, planned, options, outcome, observer, cancellation);

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
    private async Task<FileLock> LockAsync(Project project, LaunchOptions options, ILaunchObserver observer, CancellationToken cancellation)
    {
        var (file, purpose) = (Path.Combine(paths.State, "locks", $"{project.Name}.lock"), $"launching {project.Name}");
        if (FileLock.TryAcquire(file, purpose) is { } free)
        {
            return free;
        }

        observer.Progressed(LaunchStep.Project, $"{project.Name} is being launched or taken down already: waiting for that to end");
        return await FileLock.AcquireAsync(file, purpose, options.Timeout, cancellation, time);
    }

    private static void RefuseStolenName(Project project, ProjectRecord? former)
    {
        if (former is not null && former.Source != project.Source)
        {
            throw new LaunchException(LaunchError.NameTaken, $"A project {project.Name} is already launched, from {former.Source}.",
                $"Give this one another name with --name, or take the other one down: harmony down {former.Name}.");
        }
    }

    /// <summary>A project is in one place. Launched into a second one, the first would be forgotten, and run for ever.</summary>
    private static void RefuseMove(Project project, RuntimeChoice choice, string ns, ProjectRecord? former)
    {
        if (former is not null && (former.Runtime != choice.Runtime.Name || former.Namespace != ns))
        {
            throw new LaunchException(LaunchError.NameTaken, $"{project.Name} is already launched on {former.Runtime}, in the namespace {former.Namespace}.",
                $"Take it down there first: harmony down {former.Name}; or give this one another name with --name.");
        }
    }

    /// <summary>Ports are published even where the project does not work: a page that answers helps to see why.</summary>
    private async Task<IReadOnlyList<PublishedPort>> ExposeAsync(
        ProjectRecord record, IReadOnlyList<PublishedPort> planned, LaunchOptions options, LaunchOutcome outcome, ILaunchObserver observer, CancellationToken cancellation)
    {
        if (record.Ports.Count == 0)
        {
            return [];
        }

        observer.Started(LaunchStep.Expose, "Publishing ports");
        try
        {
            while (!await ports.ServeAsync(record, cancellation))
            {
                // Another program was faster.
                record = await ReserveAsync(record, planned, options, cancellation);
            }
        }
        catch (HarmonyException e) when (outcome is LaunchOutcome.DoesNotWork or LaunchOutcome.TimedOut)
        {
            // What keeps the project from working matters more.
            observer.Noticed(e.Message);
            return [];
        }

        observer.Finished(LaunchStep.Expose, string.Join(", ", record.Ports.Select(p => p.Location)));
        return record.Ports;
    }

    private async Task<ProjectRecord> ReserveAsync(ProjectRecord record, IReadOnlyList<PublishedPort> planned, LaunchOptions options, CancellationToken cancellation)
    {
        record = record with { Ports = await ports.ReserveAsync(record.Name, planned, options.AnyPort, cancellation) };
        records.Save(record);
        return record;
    }
}

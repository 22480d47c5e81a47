using Harmony.Cli.Interaction;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Kubeconfigs;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Platform.Paths;
using Harmony.Platform.Processes;
using Harmony.Projects.Discovery;
using Harmony.Runtimes;
using Harmony.Runtimes.Embedded;
using Harmony.Runtimes.Existing;
using Harmony.Runtimes.Selection;

namespace Harmony.Cli;

/// <summary>Puts the parts together. Everything is made when it is first asked for: most commands need little.</summary>
internal sealed class Composition(Terminal terminal, HarmonyPaths paths, TimeProvider time)
{
    public Terminal Terminal => terminal;

    public HarmonyPaths Paths => paths;

    public TimeProvider Time => time;

    public ICommandRunner Commands => field ??= new CommandRunner();

    public ProjectLoader Loader => ProjectLoader.Default;

    public ProjectRecords Records => field ??= new ProjectRecords(paths);

    public ProjectLocator Locator => field ??= new ProjectLocator(Records, Environment.CurrentDirectory);

    public PortPublisher Ports => field ??= new PortPublisher(Records, paths, Commands, time);

    public ProjectInspection Inspection => field ??= new ProjectInspection(paths, Ports, Connect);

    public ProjectRemoval Removal => field ??= new ProjectRemoval(Records, paths, RuntimeOf, Connect, time);

    /// <summary>The runtimes that harmony manages, in the order in which they are preferred.</summary>
    public IReadOnlyList<IRuntime> Runtimes => field ??= [new EmbeddedRuntime(paths, Commands)];

    public Launcher Launcher => field ??= new Launcher(
        new ReadProject(Loader),
        new StartRuntime(new RuntimeSelector(Runtimes)),
        new PrepareNamespace(time),
        new ProvideImages(paths),
        new ApplyObjects(time),
        new NoteUnserved(),
        new AwaitReadiness(time),
        Ports, Records, paths, Connect, time);

    public IRuntime Runtime(string name) => Runtimes.FirstOrDefault(r => r.Name == name)
        ?? throw new RuntimeException(RuntimeError.Unknown, $"There is no runtime {name}.", $"There are {string.Join(", ", Runtimes.Select(r => r.Name))}.");

    /// <summary>The API of a launched project's cluster; a managed runtime that is stopped is not started.</summary>
    public IKubernetesApi Connect(ProjectRecord record) => Connect(new KubeconfigReference(record.Kubeconfig, record.Context));

    public IKubernetesApi Connect(KubeconfigReference kubeconfig)
    {
        // The user's own may be a list, as KUBECONFIG is.
        var files = kubeconfig.Path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return KubernetesApi.Connect(Kubeconfig.Read(files).Select(kubeconfig.Context), time);
    }

    private IRuntime RuntimeOf(ProjectRecord record) =>
        Runtimes.FirstOrDefault(r => r.Name == record.Runtime) ?? new ExistingCluster(record.Context ?? record.Runtime, record.Kubeconfig);
}

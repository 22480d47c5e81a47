namespace Harmony.Orchestration.Diagnosis;

/// <summary>What each finding code means and what to do about it, in plain words: the source of the reference and of every explanation.</summary>
public static class FindingCatalog
{
    /// <param name="Explanation">What happened, in one sentence.</param>
    /// <param name="Fix">What to do, in one sentence.</param>
    /// <param name="Patience">How long it must last until waiting for it is pointless; null where only the launch's own timeout ends the wait.</param>
    public sealed record Entry(string Explanation, string Fix, TimeSpan? Patience);

    /// <summary>The patience with what no waiting can mend: just long enough to see what else is wrong.</summary>
    public static readonly TimeSpan Hopeless = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<FindingCode, Entry> Entries = new()
    {
        [FindingCode.ImageNotFound] = new("The registry has no image of this name and tag.", "Correct the image's name or tag, or push the image.", Hopeless),
        [FindingCode.ImageAccessDenied] = new("The registry refuses this image: it is private, or it does not exist.", "Check the image's name; for a private one add credentials to registries.yaml or an imagePullSecret.", Hopeless),
        [FindingCode.ImageRateLimited] = new("The registry refuses more downloads for now (rate limit).", "Wait, log in with an account through registries.yaml, or name a mirror there.", Long),
        [FindingCode.ImageNameInvalid] = new("The image's name is not a valid reference.", "Write it as [registry/]repository[:tag], in lower case.", Hopeless),
        [FindingCode.ImageNotOnNode] = new("The image must not be pulled (imagePullPolicy: Never) and is not on the node.", "Load the image, or let it be pulled with imagePullPolicy: IfNotPresent.", Hopeless),
        [FindingCode.ImageWrongPlatform] = new("The image is not made for this machine's platform.", "Use an image that is built for this architecture too.", Hopeless),
        [FindingCode.RegistryUntrusted] = new("The registry's certificate is not trusted.", "Name the registry's CA in registries.yaml (configs.<registry>.tls.ca_file).", Hopeless),
        [FindingCode.RegistryUnreachable] = new("The registry does not answer.", "Check the network, the proxy and the registry's name; a mirror can be named in registries.yaml.", Long),
        [FindingCode.ImagePullFailed] = new("The image could not be pulled.", "The evidence has the registry's own words.", Brief),
        [FindingCode.ConfigurationMissing] = new("The container needs a ConfigMap, a Secret or a key that is not there.", "Add it to the project, or correct the name.", Brief),
        [FindingCode.ContainerNotCreated] = new("The container could not be created.", "The evidence has the runtime's own words.", Brief),
        [FindingCode.RuntimeMissing] = new("The node has no program that runs containers (runc or crun), and none could be installed.", "Install runc with the machine's package manager, and run the same command again.", Hopeless),
        [FindingCode.CommandNotFound] = new("The container's command is not in the image, or cannot be executed.", "Correct command or args, or build the image with the program in it and executable.", Hopeless),
        [FindingCode.OutOfMemory] = new("The container was killed because it used more memory than its limit.", "Raise resources.limits.memory, or make the program use less.", null),
        [FindingCode.CrashLoop] = new("The program starts and ends with an error again and again.", "Its last log lines below say why; harmony logs --previous shows all of them.", null),
        [FindingCode.EndsAtOnce] = new("The program ends without an error and is started again and again: this kind of workload must keep running.", "Give it a command that stays in the foreground, or make it a Job.", null),
        [FindingCode.InitContainerFailed] = new("An init container fails, so the containers after it are not started.", "Its last log lines below say why.", null),
        [FindingCode.ProbeFailing] = new("The container runs, but its probe fails.", "Compare the probe's path, port and delay with what the program does.", null),
        [FindingCode.Unschedulable] = new("No node can take the pod.", "Ask for less, or change what the pod requires of a node.", Hopeless),
        [FindingCode.VolumeNotMounted] = new("A volume of the pod cannot be mounted.", "Check that what the volume names exists.", Brief),
        [FindingCode.ClaimPending] = new("The volume claim is not bound to a volume.", "Check its storage class, size and access modes.", null),
        [FindingCode.Evicted] = new("The node has evicted the pod.", "Free disk or memory on the machine, or lower what the pod uses.", null),
        [FindingCode.JobFailed] = new("The job has failed and will not be tried again.", "Its last log lines below say why; harmony up runs a corrected job again.", Hopeless),
        [FindingCode.RolloutStalled] = new("The rollout made no progress within its deadline.", "The findings on its pods say why.", Hopeless),
        [FindingCode.PodsRefused] = new("The cluster refuses to create the workload's pods.", "The evidence names the quota, policy or missing object.", Brief),
        [FindingCode.NoEndpoints] = new("No ready pod is behind the Service.", "Compare the Service's selector with the pods' labels, and its targetPort with their ports.", null),
        [FindingCode.NotReady] = new("It did not become ready in time.", "harmony logs and harmony status show what it is doing; --timeout gives it longer.", null),
    };

    public static Entry Of(FindingCode code) => Entries[code];
}

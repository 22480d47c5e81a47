namespace Harmony.Orchestration.Diagnosis;

/// <summary>What a finding is about: stable words, documented in <c>docs/reference/findings.md</c>.</summary>
public enum FindingCode
{
    ImageNotFound,
    ImageAccessDenied,
    ImageRateLimited,
    ImageNameInvalid,
    ImageNotOnNode,
    ImageWrongPlatform,
    RegistryUntrusted,
    RegistryUnreachable,
    ImagePullFailed,
    ConfigurationMissing,
    ContainerNotCreated,
    RuntimeMissing,
    CommandNotFound,
    OutOfMemory,
    CrashLoop,
    EndsAtOnce,
    InitContainerFailed,
    ProbeFailing,
    Unschedulable,
    VolumeNotMounted,
    ClaimPending,
    Evicted,
    JobFailed,
    RolloutStalled,
    PodsRefused,
    NoEndpoints,
    NotReady,
}

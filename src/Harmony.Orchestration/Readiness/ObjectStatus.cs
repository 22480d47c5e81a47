namespace Harmony.Orchestration.Readiness;

/// <summary>The states of kstatus. Source: kubernetes-sigs/cli-utils <c>pkg/kstatus/README.md</c>.</summary>
public enum ObjectState
{
    /// <summary>The cluster is still working towards what was asked.</summary>
    InProgress,

    /// <summary>The object is as it was asked to be.</summary>
    Current,

    /// <summary>It will not get there by itself.</summary>
    Failed,

    /// <summary>It is being deleted.</summary>
    Terminating,
}

/// <summary>How far an object is, with one sentence for people.</summary>
public readonly record struct ObjectStatus(ObjectState State, string Message)
{
    public static ObjectStatus Current(string message) => new(ObjectState.Current, message);

    public static ObjectStatus InProgress(string message) => new(ObjectState.InProgress, message);

    public static ObjectStatus Failed(string message) => new(ObjectState.Failed, message);
}

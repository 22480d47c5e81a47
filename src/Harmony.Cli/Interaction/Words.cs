using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Cli.Interaction;

/// <summary>The words for steps and stages, the same in every view.</summary>
internal static class Words
{
    public static string Of(LaunchStep step) => step switch
    {
        LaunchStep.Project => "project",
        LaunchStep.Runtime => "runtime",
        LaunchStep.Namespace => "namespace",
        LaunchStep.Images => "images",
        LaunchStep.Apply => "objects",
        LaunchStep.Wait => "workloads",
        _ => "ports",
    };

    public static string Of(WorkloadProgress workload) =>
        $"{Of(workload.Stage)}, {workload.Ready}/{workload.Wanted}{Restarts(workload)}{(workload.Stage is WorkloadStage.Failing ? $" ({workload.Detail})" : "")}";

    public static string Of(WorkloadStage stage) => stage switch
    {
        WorkloadStage.Waiting => "waiting",
        WorkloadStage.Pulling => "creating",
        WorkloadStage.Starting => "starting",
        WorkloadStage.Probing => "probing",
        WorkloadStage.Ready => "ready",
        WorkloadStage.Completed => "completed",
        _ => "failing",
    };

    public static string Colour(WorkloadStage stage) => stage switch
    {
        WorkloadStage.Ready or WorkloadStage.Completed => "green",
        WorkloadStage.Failing => "red",
        _ => "yellow",
    };

    /// <summary>For tables: a probe's answer may have many lines.</summary>
    public static string OneLine(string text) => text.ReplaceLineEndings(" ");

    public static string Duration(TimeSpan time) => time.TotalSeconds < 60 ? $"{time.TotalSeconds:0.0} s" : $"{(int)time.TotalMinutes} min {time.Seconds} s";

    private static string Restarts(WorkloadProgress workload) => workload.Restarts switch { 0 => "", 1 => ", 1 restart", var n => $", {n} restarts" };
}

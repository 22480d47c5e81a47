using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Jobs and CronJobs.</summary>
internal static class JobValidation
{
    public static void Job(JsonObject spec, string path, FieldErrors errors)
    {
        errors.NonNegative(
            spec, path, "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes");
        if (spec.Text("completionMode") is { Length: > 0 } mode)
        {
            errors.OneOf(spec, path, "completionMode", required: true, "Indexed", "NonIndexed");
            if (mode == "Indexed" && spec["completions"] is null)
            {
                errors.Required(path + ".completions", "when completion mode is Indexed");
            }
        }

        var template = spec["template"] as JsonObject ?? [];
        PodValidation.Template(template, path + ".template", errors);
        var policy = template.At("spec", "restartPolicy").AsText();
        if (policy is null or "" or "Always")
        {
            errors.Required(path + ".template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
        }

        if (spec["podFailurePolicy"] is JsonObject && policy != "Never")
        {
            errors.Invalid(path + ".template.spec.restartPolicy", policy ?? "", "only \"Never\" is supported when podFailurePolicy is specified");
        }
    }

    public static void JobUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var after = obj["spec"] as JsonObject ?? [];
        var before = old["spec"] as JsonObject ?? [];
        // An Indexed Job may be resized, both numbers together.
        if (before.Text("completionMode") != "Indexed" || !JsonNode.DeepEquals(after["completions"], after["parallelism"]))
        {
            errors.Same(after["completions"], before["completions"], "spec.completions");
        }

        errors.Same(after["selector"], before["selector"], "spec.selector");
        if (!Resumable(before, old))
        {
            errors.Same(after["template"], before["template"], "spec.template");
        }

        errors.Same(after["completionMode"], before["completionMode"], "spec.completionMode");
        errors.Same(after["podFailurePolicy"], before["podFailurePolicy"], "spec.podFailurePolicy");
        errors.Same(after["backoffLimitPerIndex"], before["backoffLimitPerIndex"], "spec.backoffLimitPerIndex");
        errors.Same(after["managedBy"], before["managedBy"], "spec.managedBy");
        errors.Same(after["successPolicy"], before["successPolicy"], "spec.successPolicy");
    }

    public static void CronJob(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        if (errors.Need(spec, "spec", "schedule") is { } schedule)
        {
            if (schedule.Contains("TZ", StringComparison.Ordinal))
            {
                errors.Invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
            }
            else if (CronSyntax.Fault(schedule) is { } fault)
            {
                errors.Invalid("spec.schedule", schedule, fault);
            }
        }

        if (spec.Text("timeZone") is { } zone && (zone.Length == 0 || zone.Equals("local", StringComparison.OrdinalIgnoreCase) || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)))
        {
            errors.Invalid("spec.timeZone", zone, zone.Length == 0 ? "timeZone must be nil or non-empty string" : $"unknown time zone {zone}");
        }

        errors.NonNegative(spec, "spec", "startingDeadlineSeconds");
        errors.OneOf(spec, "spec", "concurrencyPolicy", required: true, "Allow", "Forbid", "Replace");
        errors.NonNegative(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit");
        Job(spec.At("jobTemplate", "spec") as JsonObject ?? [], "spec.jobTemplate.spec", errors);
    }

    /// <summary>A suspended Job that never started may still change where and how its pods run.</summary>
    private static bool Resumable(JsonObject before, JsonObject old) => before["suspend"].AsBool() == true && old.At("status", "startTime") is null;
}

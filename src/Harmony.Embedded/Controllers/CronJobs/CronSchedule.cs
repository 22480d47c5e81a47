using Cronos;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.CronJobs;

/// <summary>When a CronJob is due.</summary>
internal sealed class CronSchedule
{
    private readonly CronExpression expression;
    private readonly TimeZoneInfo zone;

    private CronSchedule(CronExpression expression, TimeZoneInfo zone) => (this.expression, this.zone) = (expression, zone);

    /// <exception cref="CronFormatException">The schedule cannot be read.</exception>
    /// <exception cref="TimeZoneNotFoundException">The zone is unknown on this machine.</exception>
    public static CronSchedule Of(JsonObject cron)
    {
        var place = cron.At("spec", "timeZone").AsText() is { Length: > 0 } name ? TimeZoneInfo.FindSystemTimeZoneById(name) : TimeZoneInfo.Local;
        return new(CronExpression.Parse(cron.At("spec", "schedule").AsText() ?? "", CronFormat.Standard), place);
    }

    public DateTimeOffset? After(DateTimeOffset time) => expression.GetNextOccurrence(time, zone);

    /// <summary>The last time in (earliest, now] that was due; null where none was. And how many were, up to a bound.</summary>
    public (DateTimeOffset? Last, int Missed) Latest(DateTimeOffset earliest, DateTimeOffset now)
    {
        const int Bound = 100;
        DateTimeOffset? last = null;
        var missed = 0;
        foreach (var time in expression.GetOccurrences(earliest, now, zone, fromInclusive: false, toInclusive: true))
        {
            last = time;
            if (++missed > Bound)
            {
                // After a long sleep of the machine only the last one matters: look back from now instead of walking up to it.
                return (Newest(now) ?? last, missed);
            }
        }

        return (last, missed);
    }

    private DateTimeOffset? Newest(DateTimeOffset now)
    {
        for (var back = TimeSpan.FromMinutes(2); back < TimeSpan.FromDays(3000); back *= 2)
        {
            DateTimeOffset? last = null;
            foreach (var time in expression.GetOccurrences(now - back, now, zone, fromInclusive: false, toInclusive: true))
            {
                last = time;
            }

            if (last is not null)
            {
                return last;
            }
        }

        return null;
    }
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>What controllers want to know of a pod.</summary>
internal static class PodFacts
{
    extension(JsonObject self)
    {
        public string Phase => self.At("status", "phase").AsText() ?? "Pending";

        /// <summary>It has ended and will not run again.</summary>
        public bool IsTerminal => self.Phase is "Succeeded" or "Failed";

        /// <summary>It counts as a replica: not ended, not being deleted.</summary>
        public bool IsActive => !self.IsTerminal && !self.IsBeingDeleted;

        public bool IsReady => self.Condition("Ready")?.Text("status") == "True";

        public string? NodeName => self.At("spec", "nodeName").AsText();

        /// <summary>How often its containers were started again.</summary>
        public long Restarts => self.At("status", "containerStatuses").Objects().Concat(self.At("status", "initContainerStatuses").Objects())
            .Sum(c => c["restartCount"].AsLong() ?? 0);

        /// <summary>How long until it has been ready for this many seconds; zero when it is, null while it is not ready.</summary>
        public TimeSpan? UntilAvailable(long minReadySeconds, DateTimeOffset now)
        {
            if (!self.IsReady)
            {
                return null;
            }

            var since = self.Condition("Ready")?["lastTransitionTime"].AsTime() ?? now;
            var left = since + TimeSpan.FromSeconds(minReadySeconds) - now;
            return minReadySeconds <= 0 || left <= TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

public sealed partial class Applier
{
    /// <summary>What one apply knows while it goes on.</summary>
    private sealed class Run(ApplySet set, ApplyOptions options, IProgress<ApplyProgress>? progress)
    {
        private readonly ConcurrentQueue<ApplyProgress> done = new();

        public ApplySet Set => set;

        public ApplyOptions Options => options;

        /// <summary>Kinds that definitions in the set bring, and whether they live in namespaces.</summary>
        public Dictionary<(string Group, string Kind), bool> Defined { get; } = [];

        public Dictionary<GroupVersionKind, ResourceDescription?> Resources { get; } = [];

        /// <summary>The members as they were, by key.</summary>
        public Dictionary<string, JsonObject> Before { get; set; } = [];

        public ApplyReport Report() => new([.. done]);

        public ValueTask ReportAsync(ApplyProgress step)
        {
            done.Enqueue(step);
            return TellAsync(step);
        }

        public ValueTask TellAsync(ApplyProgress step)
        {
            progress?.Report(step);
            return ValueTask.CompletedTask;
        }
    }
}

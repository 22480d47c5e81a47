using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.GarbageCollection;

/// <summary>
/// Deletes what nobody owns any more, and does what a deletion in the foreground, or one that orphans, has promised. Source: kube's garbagecollector.
/// </summary>
internal sealed class GarbageCollector : Reconciler
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";
    private readonly WatchedKinds kinds;
    private readonly Dictionary<string, Dictionary<string, Member>> dependents = new(StringComparer.Ordinal);

    public GarbageCollector(ControllerContext context, WatchedKinds kinds)
        : base("garbage-collector", context)
    {
        this.kinds = kinds;
        kinds.Changed += OnChange;
    }

    public override void Start()
    {
        kinds.Start();
        base.Start();
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        var (kind, ns) = Split(key.Namespace);
        if (kinds.Named(kind) is not { } resource || Cluster.GetLive(resource, ns, key.Name) is not { } obj)
        {
            return;
        }

        if (obj.IsBeingDeleted)
        {
            await EndAsync(resource, obj, cancellation);
            return;
        }

        var owners = obj.At("metadata", "ownerReferences").Objects().ToList();
        if (owners.Count == 0)
        {
            return;
        }

        var lost = new HashSet<string>(StringComparer.Ordinal);
        var ending = 0;
        foreach (var owner in owners)
        {
            switch (Look(owner, ns))
            {
                case State.Gone:
                    lost.Add(owner.Text("uid") ?? "");
                    break;
                case State.WaitsForDependents:
                    lost.Add(owner.Text("uid") ?? "");
                    ending++;
                    break;
            }
        }

        if (lost.Count == 0)
        {
            return;
        }

        if (lost.Count < owners.Count)
        {
            await DisownAsync(resource, obj, lost, cancellation);
            return;
        }

        // An owner that waits is told by its dependents' end, so their own dependents have to end first as well.
        var propagation = ending > 0 && dependents.ContainsKey(obj.Uid) ? "Foreground" : Propagation(obj);
        await Cluster.DeleteAsync(resource, obj, cancellation, propagation);
    }

    private static string Propagation(JsonObject obj) =>
        Finalizers.Has(obj, Orphan) ? "Orphan" : Finalizers.Has(obj, Foreground) ? "Foreground" : "Background";

    private static NamespacedName Key(ApiResource resource, JsonObject obj) => new($"{resource.Name}|{obj.Namespace}", obj.Name);

    private static (string Kind, string? Namespace) Split(string text)
    {
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        return (text[..bar], bar + 1 == text.Length ? null : text[(bar + 1)..]);
    }

    private State Look(JsonObject owner, string? ns)
    {
        // A kind that nobody serves (now) says nothing about whether its object lives.
        if (kinds.Find(owner.Text("apiVersion") ?? "", owner.Text("kind") ?? "") is not { } resource || (resource.Namespaced && ns is null))
        {
            return State.There;
        }

        var found = Cluster.GetLive(resource, resource.Namespaced ? ns : null, owner.Text("name") ?? "");
        return found is null || found.Uid != owner.Text("uid") ? State.Gone
            : found.IsBeingDeleted && Finalizers.Has(found, Foreground) ? State.WaitsForDependents
            : State.There;
    }

    private async Task EndAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation)
    {
        if (Finalizers.Has(obj, Orphan))
        {
            foreach (var member in Dependents(obj.Uid))
            {
                if (Cluster.GetLive(member.Resource, member.Namespace, member.Name) is { } dependent)
                {
                    await DisownAsync(member.Resource, dependent, [obj.Uid], cancellation);
                }
            }

            await RemoveFinalizerAsync(resource, obj, Orphan, cancellation);
        }
        else if (Finalizers.Has(obj, Foreground))
        {
            var members = Dependents(obj.Uid);
            if (members.Any(m => m.Blocks))
            {
                foreach (var member in members)
                {
                    Enqueue(new NamespacedName($"{member.Resource.Name}|{member.Namespace}", member.Name));
                }
            }
            else
            {
                await RemoveFinalizerAsync(resource, obj, Foreground, cancellation);
            }
        }
    }

    private List<Member> Dependents(string uid) => dependents.TryGetValue(uid, out var members) ? [.. members.Values] : [];

    private Task DisownAsync(ApiResource resource, JsonObject obj, HashSet<string> owners, CancellationToken cancellation) => Cluster.ChangeAsync(
        resource,
        obj,
        current =>
        {
            var references = current.Metadata.List("ownerReferences");
            var removed = references.Objects().Where(r => owners.Contains(r.Text("uid") ?? "")).ToList();
            removed.ForEach(r => references.Remove(r));
            if (references.Count == 0)
            {
                current.Metadata.Remove("ownerReferences");
            }

            return removed.Count > 0;
        },
        cancellation);

    private Task RemoveFinalizerAsync(ApiResource resource, JsonObject obj, string name, CancellationToken cancellation) =>
        Cluster.ChangeAsync(resource, obj, current => Finalizers.Remove(current, name), cancellation);

    private void OnChange(ApiResource resource, JsonObject? old, JsonObject? current)
    {
        var before = old is null ? null : References(old);
        var after = current is null ? null : References(current);
        if (old is not null)
        {
            foreach (var (uid, _) in before!)
            {
                if (dependents.TryGetValue(uid, out var members) && members.Remove(old.Uid) && members.Count == 0)
                {
                    dependents.Remove(uid);
                }
            }
        }

        if (current is not null)
        {
            foreach (var (uid, blocks) in after!)
            {
                if (!dependents.TryGetValue(uid, out var members))
                {
                    dependents[uid] = members = new(StringComparer.Ordinal);
                }

                members[current.Uid] = new(resource, current.Namespace, current.Name, blocks);
            }

            var ends = current.IsBeingDeleted && (Finalizers.Has(current, Foreground) || Finalizers.Has(current, Orphan));
            var isNews = old is null || old.Uid != current.Uid || !before!.SequenceEqual(after!);
            if (ends || (isNews && after!.Count > 0))
            {
                Enqueue(Key(resource, current));
            }
        }
        else if (old is not null)
        {
            // The owner is gone: its dependents are looked at. A dependent is gone: an owner that waits for it is.
            foreach (var member in Dependents(old.Uid))
            {
                Enqueue(new NamespacedName($"{member.Resource.Name}|{member.Namespace}", member.Name));
            }

            foreach (var reference in old.At("metadata", "ownerReferences").Objects())
            {
                if (kinds.Find(reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "") is { } owner)
                {
                    Enqueue(new NamespacedName($"{owner.Name}|{(owner.Namespaced ? old.Namespace : null)}", reference.Text("name") ?? ""));
                }
            }
        }
    }

    private static List<(string Uid, bool Blocks)> References(JsonObject obj) =>
        [.. obj.At("metadata", "ownerReferences").Objects().Select(r => (r.Text("uid") ?? "", r["blockOwnerDeletion"].AsBool() == true))];

    private enum State
    {
        There,
        WaitsForDependents,
        Gone,
    }

    private sealed record Member(ApiResource Resource, string? Namespace, string Name, bool Blocks);
}

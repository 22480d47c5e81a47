using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>The templates that a StatefulSet or DaemonSet has had, kept as ControllerRevisions; <c>kubectl rollout undo</c> applies them as patches.</summary>
internal sealed class ControllerRevisions(ClusterView cluster)
{
    private const string HashLabel = "controller.kubernetes.io/hash";
    private readonly ObjectCache revisions = cluster.Of(BuiltInResources.ControllerRevisions);

    public ObjectCache Cache => revisions;

    /// <summary>The owner's revisions, oldest first.</summary>
    public List<JsonObject> Of(JsonObject owner) =>
        [.. revisions.ControlledBy(owner.Uid).OrderBy(Number).ThenBy(r => r.Created()).ThenBy(r => r.Name, StringComparer.Ordinal)];

    /// <summary>The revision of the owner's present template: a known one, raised to be the newest, or a new one.</summary>
    public async Task<JsonObject> EnsureAsync(JsonObject owner, IReadOnlyDictionary<string, string> labels, CancellationToken cancellation)
    {
        var data = Data(owner);
        var known = Of(owner);
        var next = known.Count == 0 ? 1 : Number(known[^1]) + 1;
        if (known.FindLast(r => JsonNode.DeepEquals(r["data"], data)) is { } same)
        {
            if (ReferenceEquals(same, known[^1]))
            {
                return same;
            }

            return await cluster.ChangeAsync(
                BuiltInResources.ControllerRevisions,
                same,
                current =>
                {
                    current["revision"] = next;
                    return true;
                },
                cancellation) ?? throw new RetryException("The revision has just vanished.");
        }

        for (var collisions = 0; ; collisions++)
        {
            var hash = TemplateHash.Of(data, collisions);
            var revision = new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "ControllerRevision",
                ["metadata"] = Metadata(owner, labels, hash),
                ["data"] = data.DeepClone(),
                ["revision"] = next,
            };
            try
            {
                return await cluster.CreateAsync(BuiltInResources.ControllerRevisions, revision, cancellation);
            }
            catch (ApiException e) when (e.IsAlreadyExists && collisions < 20)
            {
                var taken = cluster.GetLive(BuiltInResources.ControllerRevisions, owner.Namespace, $"{owner.Name}-{hash}");
                if (taken?.Controller?.Text("uid") == owner.Uid && JsonNode.DeepEquals(taken["data"], data))
                {
                    return taken;
                }
            }
        }
    }

    /// <summary>Forgets the oldest beyond the limit, but none that is still in use.</summary>
    public async Task TruncateAsync(JsonObject owner, ISet<string> used, CancellationToken cancellation)
    {
        var limit = owner.At("spec", "revisionHistoryLimit").AsInt() ?? 10;
        var spare = Of(owner).Where(r => !used.Contains(r.Name)).ToList();
        foreach (var revision in spare.Take(Math.Max(0, spare.Count - limit)))
        {
            await cluster.DeleteAsync(BuiltInResources.ControllerRevisions, revision, cancellation);
        }
    }

    /// <summary>The template that a revision stands for.</summary>
    public static JsonObject Template(JsonObject revision)
    {
        var template = revision.At("data", "spec", "template")?.DeepClone() as JsonObject ?? [];
        template.Remove("$patch");
        return template;
    }

    public static string Hash(JsonObject revision) => revision.Label(HashLabel) ?? "";

    private static long Number(JsonObject revision) => revision["revision"].AsLong() ?? 0;

    private static JsonObject Data(JsonObject owner)
    {
        var template = owner.At("spec", "template")?.DeepClone() as JsonObject ?? [];
        template["$patch"] = "replace";
        return new() { ["spec"] = new JsonObject { ["template"] = template } };
    }

    private static JsonObject Metadata(JsonObject owner, IReadOnlyDictionary<string, string> labels, string hash)
    {
        var written = new JsonObject();
        foreach (var (key, value) in labels)
        {
            written[key] = value;
        }

        written[HashLabel] = hash;
        var metadata = new JsonObject
        {
            ["name"] = $"{owner.Name}-{hash}",
            ["namespace"] = owner.Namespace,
            ["labels"] = written,
            ["ownerReferences"] = new JsonArray(PodTemplate.ControllerReference(owner)),
        };
        if (owner.At("metadata", "annotations")?.DeepClone() is JsonObject annotations)
        {
            annotations.Remove("kubectl.kubernetes.io/last-applied-configuration");
            if (annotations.Count > 0)
            {
                metadata["annotations"] = annotations;
            }
        }

        return metadata;
    }
}

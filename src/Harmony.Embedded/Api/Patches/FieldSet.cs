using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Patches;

/// <summary>
/// A set of paths into an object, in the form that managedFields has it (FieldsV1): a tree whose steps are <c>f:name</c>, <c>k:{keys}</c>,
/// <c>v:value</c> and <c>i:index</c>. Source: https://github.com/kubernetes-sigs/structured-merge-diff.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    /// <summary>Whether the path that ends here is itself in the set.</summary>
    public bool IsMember { get; private set; }

    public IReadOnlyDictionary<string, FieldSet> Children => children;

    public bool IsEmpty => !IsMember && children.Values.All(c => c.IsEmpty);

    /// <summary>Reads <c>fieldsV1</c>; what cannot be read is left out.</summary>
    public static FieldSet Parse(JsonNode? fields)
    {
        var set = new FieldSet();
        foreach (var (step, below) in fields as JsonObject ?? [])
        {
            if (step == ".")
            {
                set.IsMember = true;
            }
            else
            {
                var child = Parse(below);
                child.IsMember |= below is JsonObject { Count: 0 };
                set.children[step] = child;
            }
        }

        return set;
    }

    /// <summary>The child at this step, made where it is missing.</summary>
    public FieldSet Step(string step)
    {
        if (!children.TryGetValue(step, out var child))
        {
            children[step] = child = new();
        }

        return child;
    }

    public FieldSet? Find(params ReadOnlySpan<string> path)
    {
        var set = this;
        foreach (var step in path)
        {
            if (!set.children.TryGetValue(step, out set))
            {
                return null;
            }
        }

        return set;
    }

    public void Insert() => IsMember = true;

    /// <summary>Takes a path out, and nothing below it.</summary>
    public void Forget() => IsMember = false;

    /// <summary>Takes out a path and all below it.</summary>
    public void Remove(params ReadOnlySpan<string> path)
    {
        if (path.Length == 1)
        {
            children.Remove(path[0]);
        }
        else if (children.TryGetValue(path[0], out var child))
        {
            child.Remove(path[1..]);
        }
    }

    public FieldSet Union(FieldSet other) => Combine(this, other, static (a, b) => a || b);

    public FieldSet Except(FieldSet other) => Combine(this, other, static (a, b) => a && !b);

    public FieldSet Intersect(FieldSet other) => Combine(this, other, static (a, b) => a && b);

    public bool SetEquals(FieldSet other) => Combine(this, other, static (a, b) => a != b).IsEmpty;

    /// <summary>FieldsV1; empty branches are left out.</summary>
    public JsonObject ToJson()
    {
        var result = new JsonObject();
        foreach (var (step, child) in children)
        {
            if (child.IsEmpty)
            {
                continue;
            }

            var below = child.ToJson();
            if (child.IsMember && below.Count > 0)
            {
                below.Insert(0, ".", new JsonObject());
            }

            result[step] = below;
        }

        return result;
    }

    /// <summary>The paths of the set as Kubernetes writes them in messages, such as <c>.spec.containers[name="c"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (IsMember && prefix.Length > 0)
        {
            yield return prefix;
        }

        foreach (var (step, child) in children)
        {
            foreach (var path in child.Paths(prefix + FieldStep.Describe(step)))
            {
                yield return path;
            }
        }
    }

    private static FieldSet Combine(FieldSet? a, FieldSet? b, Func<bool, bool, bool> member)
    {
        var result = new FieldSet { IsMember = member(a?.IsMember ?? false, b?.IsMember ?? false) };
        IEnumerable<string> steps = a is null ? b!.children.Keys : b is null ? a.children.Keys : a.children.Keys.Union(b.children.Keys, StringComparer.Ordinal);
        foreach (var step in steps)
        {
            var child = Combine(a?.children.GetValueOrDefault(step), b?.children.GetValueOrDefault(step), member);
            if (child.IsMember || child.children.Count > 0)
            {
                result.children[step] = child;
            }
        }

        return result;
    }
}

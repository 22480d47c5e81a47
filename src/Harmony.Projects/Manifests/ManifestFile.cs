using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Manifests;

/// <summary>One object of a manifest file, with the document that it is part of, for the lines of its fields.</summary>
/// <param name="Path">The file, absolute.</param>
internal sealed record ManifestObject(JsonObject Json, SourceLocation Location, string Path, YamlDocument Document)
{
    public ProjectException Error(JsonNode? at, string message, string? hint = null) =>
        ProjectException.At(ProjectError.Invalid, new(Location.File, at is null ? Location.Line : Document.LineOf(at)), message, hint);
}

/// <summary>The Kubernetes objects of one file. Lists are taken apart.</summary>
internal sealed class ManifestFile
{
    private readonly List<ManifestObject> objects = [];
    private readonly List<string> notes = [];
    private readonly string path;
    private readonly ManifestText text;

    private ManifestFile(string path, ManifestText text)
    {
        this.path = path;
        this.text = text;
    }

    public List<ManifestObject> Objects => objects;

    public IReadOnlyList<string> Notes => notes;

    public long Length => text.Text.Length;

    /// <exception cref="YamlException">The text is no YAML.</exception>
    /// <exception cref="ProjectException">An object in it is not complete.</exception>
    public static ManifestFile Parse(string path, ManifestText text)
    {
        var file = new ManifestFile(path, text);
        var documents = YamlReader.ReadAll(text.Text, YamlLimits.Default).Where(d => d.Root is not null).ToList();
        if (!documents.Exists(IsKubernetes))
        {
            var half = documents.Find(d => d.Root is JsonObject o && o.ContainsKey("kind") && o.ContainsKey("metadata"));
            if (half is not null)
            {
                throw ProjectException.At(ProjectError.Invalid, new(text.File, half.Line), "this object has a kind but no apiVersion", "Add its apiVersion, such as `apiVersion: apps/v1` for a Deployment.");
            }

            if (Path.GetExtension(path) is not ".json")
            {
                // JSON has a thousand other uses, and nobody wonders about those.
                file.notes.Add($"{text.File} was left out: there is no Kubernetes object in it.");
            }

            return file;
        }

        foreach (var document in documents)
        {
            if (document.Root is not JsonObject root)
            {
                throw ProjectException.At(ProjectError.Invalid, new(text.File, document.Line), "this document is no Kubernetes object, but a plain value or a list", "Every document of a manifest needs an apiVersion, a kind and metadata.");
            }

            file.Add(root, document, document.Line);
        }

        return file;
    }

    private static bool IsKubernetes(YamlDocument document) =>
        document.Root is JsonObject root && root.Text("apiVersion") is { Length: > 0 } && root.Text("kind") is { Length: > 0 };

    private void Add(JsonObject json, YamlDocument document, int line)
    {
        var item = new ManifestObject(json, new(text.File, line), path, document);
        RequireText(item, "apiVersion", "such as `apiVersion: v1`");
        RequireText(item, "kind", "such as `kind: Deployment`");
        if (ToolConfiguration.Describe(json) is { } tool)
        {
            notes.Add($"{item.Location} was left out: it is {tool}, no object of a cluster.");
        }
        else if (json["items"] is JsonArray items && json.Kind.EndsWith("List", StringComparison.Ordinal) && json.Spec is null)
        {
            AddItems(item, items);
        }
        else
        {
            Names.Require(item);
            objects.Add(item);
        }
    }

    private void AddItems(ManifestObject list, JsonArray items)
    {
        // The items of a list of one kind need not repeat it: a ConfigMapList is of ConfigMaps.
        var kind = list.Json.Kind[..^"List".Length];
        var position = 0;
        foreach (var node in items.ToList())
        {
            position++;
            if (node is not JsonObject item)
            {
                throw list.Error(node, $"item {position} of this {list.Json.Kind} is no object");
            }

            var line = list.Document.LineOf(item);
            if (kind.Length > 0)
            {
                item.TryAdd("apiVersion", JsonValue.Create(list.Json.ApiVersion));
                item.TryAdd("kind", JsonValue.Create(kind));
            }

            Add(item, list.Document, line);
        }
    }

    private static void RequireText(ManifestObject item, string field, string example)
    {
        switch (item.Json[field])
        {
            case null:
                throw item.Error(null, $"this object has no {field}", $"Add one, {example}.");
            case var node when node.AsText() is not { Length: > 0 }:
                throw item.Error(node, $"{field} is not text", $"Write it as text, {example}.");
        }
    }
}

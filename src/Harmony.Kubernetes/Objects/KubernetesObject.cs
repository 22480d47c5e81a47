using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>Reads and writes what all Kubernetes objects have in common, on plain JSON trees.</summary>
public static class KubernetesObject
{
    extension(JsonObject self)
    {
        public string ApiVersion => self.Text("apiVersion") ?? "";

        public string Kind => self.Text("kind") ?? "";

        public GroupVersionKind GroupVersionKind => GroupVersionKind.Of(self.ApiVersion, self.Kind);

        /// <summary>The object's metadata, created where it is missing.</summary>
        public JsonObject Metadata => self.Child("metadata");

        public string Name => self.At("metadata", "name").AsText() ?? "";

        /// <summary>The object's namespace; null where it has none.</summary>
        public string? Namespace => self.At("metadata", "namespace").AsText();

        public string Uid => self.At("metadata", "uid").AsText() ?? "";

        public string ResourceVersion => self.At("metadata", "resourceVersion").AsText() ?? "";

        public long Generation => self.At("metadata", "generation").AsLong() ?? 0;

        public bool IsBeingDeleted => self.At("metadata", "deletionTimestamp") is not null;

        public JsonObject? Spec => self["spec"] as JsonObject;

        public JsonObject? Status => self["status"] as JsonObject;

        public string? Label(string key) => self.At("metadata", "labels", key).AsText();

        public string? Annotation(string key) => self.At("metadata", "annotations", key).AsText();

        /// <summary>The labels as pairs; empty where there are none.</summary>
        public IReadOnlyDictionary<string, string> Labels => self.At("metadata", "labels").AsTextMap();

        public IReadOnlyDictionary<string, string> Annotations => self.At("metadata", "annotations").AsTextMap();

        /// <summary>The owner that controls this object; null where none does.</summary>
        public JsonObject? Controller =>
            self.At("metadata", "ownerReferences").Items().OfType<JsonObject>().FirstOrDefault(o => o["controller"].AsBool() == true);

        /// <summary>The condition of this type in <c>status.conditions</c>; null where there is none.</summary>
        public JsonObject? Condition(string type) =>
            self.At("status", "conditions").Items().OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
    }
}

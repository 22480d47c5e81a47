using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

/// <summary>One entry of <c>metadata.managedFields</c>.</summary>
internal sealed class ManagedFieldsEntry(string manager, string operation, string apiVersion, string? subresource)
{
    public string Manager { get; } = manager;

    /// <summary><c>Apply</c> or <c>Update</c>.</summary>
    public string Operation { get; } = operation;

    public string ApiVersion { get; set; } = apiVersion;

    public string? Subresource { get; } = string.IsNullOrEmpty(subresource) ? null : subresource;

    public string? Time { get; set; }

    public FieldSet Fields { get; set; } = new();

    public static ManagedFieldsEntry Parse(JsonObject json) =>
        new(json.Text("manager") ?? "", json.Text("operation") ?? "Update", json.Text("apiVersion") ?? "", json.Text("subresource"))
        {
            Time = json.Text("time"),
            Fields = FieldSet.Parse(json["fieldsV1"]),
        };

    /// <summary>Whether this is the owner's entry. Appliers are one, whatever version they apply.</summary>
    public bool IsSame(FieldOwner owner, string operation) =>
        Manager == owner.Manager && Operation == operation && Subresource == owner.Subresource && (operation == "Apply" || ApiVersion == owner.ApiVersion);

    /// <summary>The manager as conflicts name it.</summary>
    public string Describe()
    {
        var text = $"\"{Manager}\"";
        if (Subresource is not null)
        {
            text += $" with subresource \"{Subresource}\"";
        }

        return Operation == "Update" ? $"{text} using {ApiVersion}" : text;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["manager"] = Manager,
            ["operation"] = Operation,
            ["apiVersion"] = ApiVersion,
        };
        if (Time is not null)
        {
            json["time"] = Time;
        }

        json["fieldsType"] = "FieldsV1";
        json["fieldsV1"] = Fields.ToJson();
        if (Subresource is not null)
        {
            json["subresource"] = Subresource;
        }

        return json;
    }
}

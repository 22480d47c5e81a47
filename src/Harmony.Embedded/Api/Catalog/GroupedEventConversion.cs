using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>events.k8s.io/v1 as another view of the core group's events, which are stored.</summary>
internal sealed class GroupedEventConversion : IVersionConversion
{
    private static readonly (string Served, string Stored)[] Names =
    [
        ("note", "message"), ("regarding", "involvedObject"), ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("reportingController", "reportingComponent"),
    ];

    public JsonObject ToStorage(JsonObject served)
    {
        served["apiVersion"] = "v1";
        foreach (var (name, stored) in Names)
        {
            Rename(served, name, stored);
        }

        if (served["source"] is null)
        {
            served["source"] = new JsonObject();
        }

        return served;
    }

    public JsonObject FromStorage(JsonObject stored, ApiResource served)
    {
        stored["apiVersion"] = served.ApiVersion;
        foreach (var (name, original) in Names)
        {
            Rename(stored, original, name);
        }

        return stored;
    }

    private static void Rename(JsonObject obj, string from, string to)
    {
        if (obj.Remove(from, out var value))
        {
            obj[to] = value;
        }
    }
}

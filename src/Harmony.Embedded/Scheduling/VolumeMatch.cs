using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Whether a volume can serve a claim.</summary>
internal static class VolumeMatch
{
    /// <summary>Free, or kept for this very claim, and of the right class, size, modes and labels.</summary>
    public static bool Fits(JsonObject volume, JsonObject claim)
    {
        if (volume.IsBeingDeleted || (volume.At("spec", "volumeMode").AsText() ?? "Filesystem") != (claim.At("spec", "volumeMode").AsText() ?? "Filesystem"))
        {
            return false;
        }

        if (volume.At("spec", "claimRef") is JsonObject reference)
        {
            return IsFor(reference, claim);
        }

        if (claim.At("spec", "volumeName").AsText() is { Length: > 0 } name)
        {
            return name == volume.Name;
        }

        var modes = volume.At("spec", "accessModes").Items().Select(m => m.AsText()).ToHashSet(StringComparer.Ordinal);
        return volume.At("status", "phase").AsText() == "Available"
            && (volume.At("spec", "storageClassName").AsText() ?? "") == (claim.At("spec", "storageClassName").AsText() ?? "")
            && Capacity(volume) >= (claim.At("spec", "resources", "requests", "storage").AsQuantity() ?? Quantity.Zero)
            && claim.At("spec", "accessModes").Items().All(m => modes.Contains(m.AsText()))
            && (claim.At("spec", "selector") is not JsonObject selector || LabelSelector.FromObject(selector).Matches(volume));
    }

    public static bool IsFor(JsonObject reference, JsonObject claim) =>
        reference.Text("namespace") == claim.Namespace && reference.Text("name") == claim.Name
        && (reference.Text("uid") is not { Length: > 0 } uid || uid == claim.Uid);

    public static Quantity Capacity(JsonObject volume) => volume.At("spec", "capacity", "storage").AsQuantity() ?? Quantity.Zero;
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>The refusals that kube-apiserver words alike wherever they come from.</summary>
internal static class Refusals
{
    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>A body that is not of the type that the path serves.</summary>
    public static ApiException CannotBeHandled(GroupVersionKind given, GroupVersionKind expected, string why) =>
        BadRequest($"{given.Kind} in version \"{given.Version}\" cannot be handled as a {expected.Kind}: {why}");

    /// <summary>A patch that does not fit: kube-apiserver says no more about it.</summary>
    public static ApiException PatchRejected() =>
        new(422, "Invalid", "the server rejected our request due to an error in our request", new JsonObject());
}

using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>Who makes a change, through which door, and when: what an entry of <c>metadata.managedFields</c> is told apart by.</summary>
/// <param name="Manager">The <c>fieldManager</c> parameter, or the user agent up to its first slash.</param>
/// <param name="ApiVersion">The version of the request, such as <c>apps/v1</c>.</param>
/// <param name="Subresource">Null for the object itself.</param>
/// <param name="Now">The time of the request.</param>
/// <param name="HasStatus">Whether the resource has a status subresource, so that the object itself cannot write its status.</param>
public sealed record FieldOwner(string Manager, string ApiVersion, string? Subresource, DateTimeOffset Now, bool HasStatus)
{
    /// <summary>The manager for a request: the parameter where given, else the user agent's first word.</summary>
    public static string ManagerOf(string? fieldManager, string? userAgent)
    {
        if (!string.IsNullOrEmpty(fieldManager))
        {
            return fieldManager;
        }

        var name = (userAgent ?? "").Split('/', 2)[0];
        return name.Length == 0 ? "unknown" : name.Length > 128 ? name[..128] : name;
    }
}

using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api;

/// <summary>
/// The API as the runtime's own controllers, scheduler and node use it: inside the process, through the same defaulting, validation, admission
/// and storage as a request over HTTP. Reads come from memory and return trees that the caller owns and may change.
/// </summary>
public interface IClusterClient
{
    /// <summary>The object, or null where there is none. The namespace is null for kinds without one.</summary>
    JsonObject? Get(ApiResource resource, string? ns, string name);

    /// <summary>The objects of a namespace, or of all where it is null, ordered by namespace and name.</summary>
    IReadOnlyList<JsonObject> List(ApiResource resource, string? ns = null, LabelSelector? labels = null);

    /// <summary>Creates and returns the object as stored. <c>metadata.generateName</c> is honoured.</summary>
    /// <exception cref="ApiException">Refused: exists already, invalid, its namespace is missing or ending.</exception>
    Task<JsonObject> CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation);

    /// <summary>
    /// Replaces the object, or only its subresource (<c>status</c>): with a subresource, everything else in <paramref name="obj"/> is ignored.
    /// With a <c>metadata.resourceVersion</c> in it, the update happens only if the stored object still has that version.
    /// An update that changes nothing writes nothing.
    /// </summary>
    /// <exception cref="ApiException">Refused; <see cref="ApiException.IsConflict"/> when the object has changed since it was read.</exception>
    Task<JsonObject> UpdateAsync(ApiResource resource, JsonObject obj, string? subresource, CancellationToken cancellation);

    /// <summary>Deletes the object as <paramref name="options"/> ask; it may live on until its finalizers are gone, or, for a pod, until the node has ended it.</summary>
    Task DeleteAsync(ApiResource resource, string? ns, string name, DeleteOptions options, CancellationToken cancellation);

    /// <summary>
    /// First every object there is, as <see cref="WatchEventType.Added"/>, then every change as it happens, until cancelled. A consumer that is
    /// too slow may see several changes of one object as one, but never misses the last.
    /// </summary>
    IAsyncEnumerable<WatchEvent> WatchAsync(ApiResource resource, CancellationToken cancellation);
}

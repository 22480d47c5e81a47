using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

public enum EventType
{
    Normal,
    Warning,
}

/// <summary>
/// Writes v1.Events about objects, as client-go's recorder does: the same event again raises the count of the one that is there, many similar
/// ones are combined, and an object that floods is muted. Recording never waits and never fails its caller; what cannot be written is dropped.
/// Source: https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/client-go/tools/record/events_cache.go.
/// </summary>
/// <param name="component">Who reports, such as <c>deployment-controller</c>.</param>
/// <param name="host">The node it reports from; null for controllers.</param>
/// <param name="instance">
/// Set for components that write the newer form (events.k8s.io: eventTime, action, reportingInstance), as kube-scheduler does; null for the older
/// form with source, count and timestamps.
/// </param>
public sealed class EventRecorder(IClusterClient cluster, TimeProvider time, string component, string? host = null, string? instance = null)
{
    private const int Backlog = 1000;
    private readonly EventCorrelator correlator = new(time);
    private readonly Channel<Occurrence> backlog = Channel.CreateBounded<Occurrence>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Lock gate = new();
    private Task writing = Task.CompletedTask;
    private long ticket;

    /// <summary>Notes that something happened to an object.</summary>
    /// <param name="about">The object, or a v1.ObjectReference to it (an object without metadata).</param>
    /// <param name="reason">One word in camel case, such as <c>Pulled</c>.</param>
    /// <param name="message">A sentence for people; cut at 1 KiB.</param>
    /// <param name="fieldPath">The part of the object, such as <c>spec.containers{web}</c>.</param>
    /// <param name="action">What was being done, in the newer form only, such as <c>Binding</c>.</param>
    public void Record(JsonObject about, EventType type, string reason, string message, string? fieldPath = null, string? action = null)
    {
        var reference = about["metadata"] is null ? (JsonObject)about.DeepClone() : Reference(about);
        if (fieldPath is not null)
        {
            reference["fieldPath"] = fieldPath;
        }

        backlog.Writer.TryWrite(new(reference, type, reason, message.Length > 1024 ? message[..1021] + "..." : message, action, time.GetUtcNow()));
        lock (gate)
        {
            if (writing.IsCompleted)
            {
                writing = Task.Run(WriteAsync, CancellationToken.None);
            }
        }
    }

    /// <summary>Returns when everything recorded so far has been written or dropped.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task current;
            lock (gate)
            {
                current = writing;
            }

            await current.WaitAsync(cancellation);
            lock (gate)
            {
                if (backlog.Reader.Count == 0 && ReferenceEquals(current, writing))
                {
                    return;
                }

                if (writing.IsCompleted)
                {
                    writing = Task.Run(WriteAsync, CancellationToken.None);
                }
            }
        }
    }

    /// <summary>A v1.ObjectReference to the object.</summary>
    public static JsonObject Reference(JsonObject about)
    {
        var reference = new JsonObject
        {
            ["kind"] = about.Kind,
            ["name"] = about.Name,
            ["uid"] = about.Uid,
            ["apiVersion"] = about.ApiVersion,
        };
        if (about.Namespace is { } ns)
        {
            reference["namespace"] = ns;
        }

        if (about.ResourceVersion is { Length: > 0 } version)
        {
            reference["resourceVersion"] = version;
        }

        return reference;
    }

    private async Task WriteAsync()
    {
        while (backlog.Reader.TryRead(out var occurrence))
        {
            try
            {
                await WriteAsync(occurrence);
            }
            catch (Exception)
            {
                // An event is a courtesy: a namespace that is ending, or a full disk, must not stop who reported it.
            }
        }
    }

    private async Task WriteAsync(Occurrence occurrence)
    {
        var ns = occurrence.About.Text("namespace") ?? "default";
        if (correlator.Correlate(occurrence, component, host) is not { } entry)
        {
            return;
        }

        if (entry.Name is { } name && cluster.Get(BuiltInResources.Events, ns, name) is { } stored)
        {
            entry.Count++;
            if (instance is null)
            {
                stored["count"] = entry.Count;
                stored["lastTimestamp"] = Timestamps.Format(occurrence.At);
                stored["message"] = entry.Message;
            }
            else
            {
                stored["series"] = new JsonObject { ["count"] = entry.Count, ["lastObservedTime"] = Timestamps.FormatMicro(occurrence.At) };
            }

            stored.Metadata.Remove("resourceVersion");
            await cluster.UpdateAsync(BuiltInResources.Events, stored, null, CancellationToken.None);
            return;
        }

        entry.Count = 1;
        entry.Name = Name(occurrence);
        await cluster.CreateAsync(BuiltInResources.Events, New(occurrence, entry, ns), CancellationToken.None);
    }

    private JsonObject New(Occurrence occurrence, EventCorrelator.Entry entry, string ns)
    {
        var created = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = entry.Name, ["namespace"] = ns },
            ["involvedObject"] = occurrence.About,
            ["reason"] = occurrence.Reason,
            ["message"] = entry.Message,
            ["type"] = occurrence.Type.ToString(),
            ["reportingComponent"] = component,
            ["reportingInstance"] = instance ?? host ?? "",
        };
        if (instance is null)
        {
            var source = new JsonObject { ["component"] = component };
            if (host is not null)
            {
                source["host"] = host;
            }

            created["source"] = source;
            created["firstTimestamp"] = Timestamps.Format(occurrence.At);
            created["lastTimestamp"] = Timestamps.Format(occurrence.At);
            created["count"] = 1;
            created["eventTime"] = null;
        }
        else
        {
            created["source"] = new JsonObject();
            created["firstTimestamp"] = null;
            created["lastTimestamp"] = null;
            created["eventTime"] = Timestamps.FormatMicro(occurrence.At);
            created["action"] = occurrence.Action ?? occurrence.Reason;
        }

        return created;
    }

    private string Name(Occurrence occurrence)
    {
        var nanoseconds = ((occurrence.At - DateTimeOffset.UnixEpoch).Ticks * 100) + (Interlocked.Increment(ref ticket) % 100);
        var about = occurrence.About.Text("name") ?? "";
        return string.Create(CultureInfo.InvariantCulture, $"{(about.Length > 236 ? about[..236].TrimEnd('.', '-') : about)}.{nanoseconds:x}");
    }

    /// <summary>One thing that happened, before it is compared with what happened earlier.</summary>
    internal sealed record Occurrence(JsonObject About, EventType Type, string Reason, string Message, string? Action, DateTimeOffset At);
}

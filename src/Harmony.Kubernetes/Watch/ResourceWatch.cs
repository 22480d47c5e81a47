using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes.Watch;

/// <summary>
/// One watch, in batches: list, watch from there with bookmarks, list again after an expired version and tell the difference, connect again after a
/// lost connection. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
/// </summary>
internal sealed class ResourceWatch(
    ApiConnection connection,
    string path,
    string doing,
    GroupVersionKind kind,
    Func<CancellationToken, Task<KubernetesList>> list) : IAsyncDisposable
{
    private const int MaxEvent = 64 * 1024 * 1024;
    private const int ServerTimeoutSeconds = 290;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(ServerTimeoutSeconds + 30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, JsonObject> known = new(StringComparer.Ordinal);
    private string? version;
    private bool synced;
    private bool isSilent;
    private int failures;
    private HttpResponseMessage? response;
    private LineReader? lines;

    /// <summary>The next events, at least one; waits until there are some.</summary>
    public async Task<IReadOnlyList<KubernetesEvent>> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                if (version is null)
                {
                    var events = Compare(await list(cancellation));
                    if (events.Count > 0)
                    {
                        return events;
                    }
                }

                if (await ReadEventAsync(cancellation) is { } change)
                {
                    failures = 0;
                    return [change];
                }
            }
            catch (Exception e) when (e is not OperationCanceledException && synced && IsPassing(e))
            {
                Close();
                failures++;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Silence for longer than the server lets a watch live: the connection is dead.
                Close();
            }

            await PauseAsync(cancellation);
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private static bool IsPassing(Exception e) => e switch
    {
        KubernetesException k => k.Code is KubernetesError.Unreachable or KubernetesError.TimedOut || k.HttpStatus is 429 or >= 500,
        HttpRequestException or IOException or JsonException => true,
        _ => false,
    };

    private async Task PauseAsync(CancellationToken cancellation)
    {
        if (failures > 0)
        {
            var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(failures, 10) - 1));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, connection.Time, cancellation);
        }
    }

    /// <summary>The next change; null where the watch has ended and must be opened again.</summary>
    private async Task<KubernetesEvent?> ReadEventAsync(CancellationToken cancellation)
    {
        if (lines is null)
        {
            var query = $"&allowWatchBookmarks=true&timeoutSeconds={ServerTimeoutSeconds}&resourceVersion={Uri.EscapeDataString(version!)}";
            try
            {
                response = await connection.OpenAsync(new(HttpMethod.Get, path + query, doing), cancellation);
            }
            catch (KubernetesException e) when (e.HttpStatus == 410)
            {
                version = null;
                return null;
            }

            isSilent = true;
            lines = new(await response.Content.ReadAsStreamAsync(cancellation), MaxEvent);
        }

        while (true)
        {
            using var silence = new CancellationTokenSource(Silence, connection.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellation);
            if (await lines.ReadAsync(both.Token) is not { } line)
            {
                // A server that ends every watch at once must not be asked again and again without a pause.
                failures = isSilent ? failures + 1 : 0;
                Close();
                return null;
            }

            isSilent = false;

            if (line.Length == 0)
            {
                continue;
            }

            var change = JsonNode.Parse(line.Span, documentOptions: new() { MaxDepth = 256 }) as JsonObject ?? [];
            var obj = change["object"] as JsonObject ?? [];
            change.Remove("object");
            var type = change.Text("type");
            if (type == "ERROR")
            {
                Close();
                version = null;
                failures += obj["code"].AsInt() == 410 ? 0 : 1;
                return null;
            }

            if (obj.ResourceVersion is { Length: > 0 } newer)
            {
                version = newer;
            }

            if (type != "BOOKMARK" && Record(type, obj) is { } seen)
            {
                return seen;
            }
        }
    }

    private KubernetesEvent? Record(string? type, JsonObject obj)
    {
        obj["apiVersion"] = kind.ApiVersion;
        obj["kind"] = kind.Kind;
        if (type == "DELETED")
        {
            known.Remove(KeyOf(obj));
            return new(KubernetesEventType.Deleted, obj);
        }

        var isNew = !known.ContainsKey(KeyOf(obj));
        // The consumer owns what it gets, and may change it: keep a copy to tell a later deletion with.
        known[KeyOf(obj)] = obj.DeepClone().AsObject();
        return new(isNew ? KubernetesEventType.Added : KubernetesEventType.Modified, obj);
    }

    private List<KubernetesEvent> Compare(KubernetesList now)
    {
        var events = new List<KubernetesEvent>();
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var obj in now.Items)
        {
            var key = KeyOf(obj);
            present.Add(key);
            if (known.TryGetValue(key, out var before))
            {
                if (before.ResourceVersion == obj.ResourceVersion && before.Uid == obj.Uid)
                {
                    continue;
                }

                if (before.Uid != obj.Uid)
                {
                    known.Remove(key);
                    events.Add(new(KubernetesEventType.Deleted, before));
                }
            }

            events.Add(Record("MODIFIED", obj)!);
        }

        foreach (var (key, gone) in known.Where(k => !present.Contains(k.Key)).ToList())
        {
            known.Remove(key);
            events.Add(new(KubernetesEventType.Deleted, gone));
        }

        version = now.ResourceVersion;
        if (!synced)
        {
            synced = true;
            events.Add(new(KubernetesEventType.Synced, []));
        }

        return events;
    }

    private void Close()
    {
        response?.Dispose();
        response = null;
        lines = null;
    }

    private static string KeyOf(JsonObject obj) => $"{obj.Namespace}/{obj.Name}";
}

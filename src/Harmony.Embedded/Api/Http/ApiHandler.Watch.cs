using System.Globalization;
using System.Text.Json;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Storage;

namespace Harmony.Embedded.Api.Http;

internal sealed partial class ApiHandler
{
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DefaultWatch = TimeSpan.FromMinutes(40);

    private async Task WatchAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var selection = ListSelection.Read(exchange, resource, path.Namespace, path.Name);
        var kind = exchange.Accepted();
        var version = exchange.Query("resourceVersion") ?? "";
        if (version.Length > 0 && !IsNumber(version))
        {
            throw ApiErrors.BadRequest($"Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax");
        }

        CheckOptions(exchange);
        var initial = exchange.Query("sendInitialEvents") is { } asked ? asked == "true" : version is "" or "0";
        var bookmarks = exchange.Flag("allowWatchBookmarks") && exchange.Query("allowWatchBookmarks") is not null;
        var after = long.Parse(version.Length == 0 ? "0" : version, CultureInfo.InvariantCulture);
        StoredObject[] objects = [];
        long revision = 0;
        Subscription? changes;
        long oldest = 0;
        if (initial || after == 0)
        {
            (objects, revision, changes) = registry.Store.Subscribe(resource.StorageName, selection.Namespace, coalesce: false);
            objects = initial ? objects : [];
        }
        else
        {
            changes = registry.Store.SubscribeAfter(resource.StorageName, after, out oldest);
        }

        using var ended = changes;
        var time = registry.Cluster.Time;
        var duration = exchange.Number("timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 86400)) : DefaultWatch;
        var end = time.GetTimestamp() + (long)(duration.TotalSeconds * time.TimestampFrequency);
        exchange.Http.Response.ContentType = "application/json";
        await using var writer = new WatchWriter(exchange, resource, kind, time);
        if (changes is null)
        {
            writer.Error(ApiErrors.TooOld(after, oldest));
            await writer.FlushAsync();
            return;
        }

        foreach (var stored in objects)
        {
            if (selection.Matches(stored))
            {
                writer.Write("ADDED", stored);
            }
        }

        if (bookmarks && exchange.Query("sendInitialEvents") == "true")
        {
            writer.Bookmark(revision, initialEventsEnd: true);
        }

        await writer.FlushAsync();
        while (true)
        {
            var left = time.GetElapsedTime(time.GetTimestamp(), end);
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            var patience = left < BookmarkInterval ? left : BookmarkInterval;
            var change = await changes.NextAsync(patience, time, exchange.Cancellation);
            if (changes.Overflowed)
            {
                writer.Error(ApiErrors.Expired("the client reads this watch too slowly"));
                await writer.FlushAsync();
                break;
            }

            while (change is not null)
            {
                if (change.Revision > after)
                {
                    Report(writer, selection, change);
                }

                if (!changes.TryTake(out change))
                {
                    break;
                }
            }

            if (change is null && bookmarks && patience == BookmarkInterval && changes.CaughtUpRevision() is { } reached)
            {
                writer.Bookmark(reached, initialEventsEnd: false);
            }

            await writer.FlushAsync();
        }
    }

    private static void CheckOptions(Exchange exchange)
    {
        var why = (exchange.Query("sendInitialEvents") is { Length: > 0 }, exchange.Query("resourceVersionMatch") ?? "") switch
        {
            (true, not "NotOlderThan") => "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            (false, { Length: > 0 }) => "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            _ => null,
        };
        if (why is not null)
        {
            throw ApiErrors.InvalidOption("ListOptions", "resourceVersionMatch", "FieldValueForbidden", "Forbidden: " + why);
        }
    }

    private static bool IsNumber(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>An object that leaves the selection is deleted for who watches it, one that enters is added.</summary>
    private static void Report(WatchWriter writer, ListSelection selection, StoredChange change)
    {
        var was = change.Previous is { } previous && selection.Matches(previous);
        var isNow = change.Type != WatchEventType.Deleted && selection.Matches(change.Object);
        switch (was, isNow)
        {
            case (false, true):
                writer.Write("ADDED", change.Object);
                break;
            case (true, true):
                writer.Write("MODIFIED", change.Object);
                break;
            case (true, false) when change.Type == WatchEventType.Deleted:
                writer.Write("DELETED", change.Object);
                break;
            case (true, false):
                writer.WriteLeaving(change.Previous!, change.Revision);
                break;
        }
    }
}

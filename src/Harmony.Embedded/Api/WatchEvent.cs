using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change of one object; for a deletion, the object as it was last.</summary>
public sealed record WatchEvent(WatchEventType Type, JsonObject Object);

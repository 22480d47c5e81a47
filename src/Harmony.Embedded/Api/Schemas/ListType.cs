namespace Harmony.Embedded.Api.Schemas;

/// <summary>How the items of a list are owned and merged by server-side apply (<c>x-kubernetes-list-type</c>).</summary>
public enum ListType
{
    /// <summary>As a whole; what a list is that does not say otherwise.</summary>
    Atomic,

    /// <summary>Each scalar value by itself.</summary>
    Set,

    /// <summary>Each object by its keys.</summary>
    Map,
}

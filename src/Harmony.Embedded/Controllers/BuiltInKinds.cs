using Harmony.Embedded.Api;

namespace Harmony.Embedded.Controllers;

/// <summary>The built-in kinds whose objects are stored and can be watched, each in one version.</summary>
internal static class BuiltInKinds
{
    public static IReadOnlyList<ApiResource> Stored { get; } =
        [.. BuiltInResources.All.Where(r => r.Verbs.Contains("list") && r.Verbs.Contains("watch")).DistinctBy(r => r.Name)];
}

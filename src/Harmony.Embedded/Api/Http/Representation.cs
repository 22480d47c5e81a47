namespace Harmony.Embedded.Api.Http;

public enum RepresentationKind
{
    Object,

    /// <summary>meta.k8s.io/v1 Table: rows for people.</summary>
    Table,

    /// <summary>meta.k8s.io/v1 PartialObjectMetadata: only the metadata.</summary>
    Metadata,

    /// <summary>apidiscovery.k8s.io/v2 APIGroupDiscoveryList: all of discovery at once.</summary>
    AggregatedDiscovery,
}

/// <summary>In what form the client wants its answer: the first of its Accept header that can be given. JSON and YAML can.</summary>
public static class Representation
{
    /// <exception cref="ApiException">406: the client takes nothing that can be given.</exception>
    public static RepresentationKind Negotiate(string accept, bool discovery = false)
    {
        if (accept.Length == 0)
        {
            return RepresentationKind.Object;
        }

        foreach (var choice in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = choice.Split(';', StringSplitOptions.TrimEntries);
            if (!IsServed(parts[0]))
            {
                continue;
            }

            string? form = null, group = null, version = null;
            foreach (var parameter in parts.AsSpan(1))
            {
                if (parameter.StartsWith("as=", StringComparison.Ordinal))
                {
                    form = parameter[3..];
                }
                else if (parameter.StartsWith("g=", StringComparison.Ordinal))
                {
                    group = parameter[2..];
                }
                else if (parameter.StartsWith("v=", StringComparison.Ordinal))
                {
                    version = parameter[2..];
                }
            }

            switch (form)
            {
                case null:
                    return RepresentationKind.Object;
                case "APIGroupDiscoveryList" when discovery && group == "apidiscovery.k8s.io" && version == "v2":
                    return RepresentationKind.AggregatedDiscovery;
                case "Table" when !discovery && version is null or "v1":
                    return RepresentationKind.Table;
                case "PartialObjectMetadata" or "PartialObjectMetadataList" when !discovery && version is null or "v1":
                    return RepresentationKind.Metadata;
            }
        }

        throw ApiErrors.NotAcceptable();
    }

    /// <summary>Whether YAML comes before JSON in what the client takes.</summary>
    public static bool IsYaml(string accept) =>
        accept.Contains("yaml", StringComparison.Ordinal)
        && accept.Split(',', StringSplitOptions.TrimEntries).Select(c => c.Split(';')[0]).FirstOrDefault(IsServed) == "application/yaml";

    private static bool IsServed(string type) => type is "application/json" or "application/yaml" or "*/*" or "application/*";
}

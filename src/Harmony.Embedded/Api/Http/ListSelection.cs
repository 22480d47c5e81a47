using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

/// <summary>Which objects of a collection a request means: by namespace, labels and fields.</summary>
internal sealed class ListSelection
{
    private readonly LabelSelector labels;
    private readonly FieldSelector fields;
    private readonly ServedResource resource;

    private ListSelection(ServedResource resource, string? ns, LabelSelector labels, FieldSelector fields)
    {
        this.resource = resource;
        this.labels = labels;
        this.fields = fields;
        Namespace = ns;
    }

    public string? Namespace { get; }

    /// <exception cref="ApiException">400 in kube-apiserver's words.</exception>
    public static ListSelection Read(Exchange exchange, ServedResource resource, string? ns, string? name)
    {
        try
        {
            var byLabel = LabelSelector.Parse(exchange.Query("labelSelector"));
            var text = exchange.Query("fieldSelector");
            var byField = FieldSelector.Parse(name is null ? text : string.IsNullOrEmpty(text) ? $"metadata.name={name}" : $"{text},metadata.name={name}");
            foreach (var requirement in byField.Requirements)
            {
                if (!SelectableFields.Contains(resource, requirement.Field))
                {
                    throw ApiErrors.BadRequest($"field label not supported: {requirement.Field}");
                }
            }

            return new(resource, resource.Resource.Namespaced ? ns : null, byLabel, byField);
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }

    public bool Matches(StoredObject stored) =>
        (Namespace is null || stored.Key.Namespace == Namespace)
        && (ReferenceEquals(labels, LabelSelector.Everything) || labels.Matches(stored.Labels))
        && (fields.Requirements.Count == 0 || fields.Matches(resource.ToTree(stored)));

    public bool IsEverything => ReferenceEquals(labels, LabelSelector.Everything) && fields.Requirements.Count == 0;
}

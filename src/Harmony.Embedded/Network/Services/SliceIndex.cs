namespace Harmony.Embedded.Network.Services;

/// <summary>EndpointSlices by their Service. Not safe for concurrent use.</summary>
internal sealed class SliceIndex
{
    private readonly Dictionary<string, Dictionary<string, SliceRecord>> _byService = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);

    /// <summary>The slices of a Service (<c>namespace/name</c>).</summary>
    public IReadOnlyCollection<SliceRecord> Of(string serviceKey) => _byService.TryGetValue(serviceKey, out var slices) ? slices.Values : [];

    public IEnumerable<SliceRecord> All => _byService.Values.SelectMany(s => s.Values);

    /// <summary>Takes in a slice. Returns the Service that it belonged to, where that was another.</summary>
    public string? Put(SliceRecord slice)
    {
        var former = _owners.TryGetValue(slice.Key, out var owner) && owner != slice.ServiceKey ? Remove(slice.Key) : null;
        if (!_byService.TryGetValue(slice.ServiceKey, out var slices))
        {
            _byService[slice.ServiceKey] = slices = new(StringComparer.Ordinal);
        }

        slices[slice.Key] = slice;
        _owners[slice.Key] = slice.ServiceKey;
        return former;
    }

    /// <summary>Forgets a slice. Returns the Service that it belonged to; null where it was not known.</summary>
    public string? Remove(string sliceKey)
    {
        if (!_owners.Remove(sliceKey, out var owner))
        {
            return null;
        }

        if (_byService.TryGetValue(owner, out var slices) && slices.Remove(sliceKey) && slices.Count == 0)
        {
            _byService.Remove(owner);
        }

        return owner;
    }
}

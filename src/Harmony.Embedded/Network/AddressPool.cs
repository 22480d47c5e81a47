using System.Collections;
using System.Net;

namespace Harmony.Embedded.Network;

/// <summary>
/// The pods' addresses. An address that was given back is the last to be given out again, so that nobody who still knows it reaches the wrong pod.
/// Not safe for concurrent use.
/// </summary>
internal sealed class AddressPool(IPNetwork range, int reserved)
{
    private readonly BitArray _taken = new(range.Size());
    private int _next;

    /// <exception cref="NetworkException">All addresses are taken.</exception>
    public IPAddress Take()
    {
        // The first are the gateway's and our own; the last is the range's broadcast address.
        var usable = _taken.Length - 1 - reserved;
        for (var i = 0; i < usable; i++)
        {
            var place = reserved + (_next + i) % usable;
            if (!_taken[place])
            {
                _taken[place] = true;
                _next = place - reserved + 1;
                return range.At(place);
            }
        }

        throw new NetworkException(NetworkError.RangeExhausted, $"All {usable} pod addresses of {range} are taken", "Remove pods that are not needed.");
    }

    /// <summary>Takes an address that a pod already has; false where it is outside of the range or another's.</summary>
    public bool TryTake(IPAddress address)
    {
        var place = Place(address);
        if (place < reserved || place >= _taken.Length - 1 || _taken[place])
        {
            return false;
        }

        _taken[place] = true;
        _next = Math.Max(_next, place - reserved + 1);
        return true;
    }

    public void GiveBack(IPAddress address)
    {
        if (Place(address) is var place and >= 0)
        {
            _taken[place] = false;
        }
    }

    /// <summary>The place of an address in the range; -1 where it is outside.</summary>
    public int Place(IPAddress address) => range.Contains(address) ? (int)(address.Number() - range.BaseAddress.Number()) : -1;
}

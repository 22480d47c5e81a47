using System.Net;
using Harmony.Embedded.Network.Services;

namespace Harmony.Embedded.Network.Dns;

/// <summary>
/// The cluster's names, as the Kubernetes DNS specification 1.1.0 has them, in memory. Safe for concurrent use.
/// Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md.
/// </summary>
internal sealed class ClusterRecords(ClusterNetwork network)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServiceRecord> _services = new(StringComparer.Ordinal);
    private readonly SliceIndex _slices = new();

    private string Zone => network.Domain;

    public void Put(ServiceRecord service)
    {
        lock (_lock)
        {
            _services[service.Key] = service;
        }
    }

    public void Remove(ServiceRecord service)
    {
        lock (_lock)
        {
            _services.Remove(service.Key);
        }
    }

    public void Put(SliceRecord slice)
    {
        lock (_lock)
        {
            _slices.Put(slice);
        }
    }

    public void RemoveSlice(string sliceKey)
    {
        lock (_lock)
        {
            _slices.Remove(sliceKey);
        }
    }

    /// <summary>The answer; null for names that are not the cluster's.</summary>
    public DnsAnswer? Find(string name, ushort type)
    {
        lock (_lock)
        {
            if (name == Zone)
            {
                return Only(type, DnsRecord.Soa(Zone), DnsRecord.Ns(Zone, $"ns.dns.{Zone}"));
            }

            if (name.EndsWith("." + Zone, StringComparison.Ordinal))
            {
                return Within(name, name[..^(Zone.Length + 1)].Split('.'), type);
            }

            return name.EndsWith(".in-addr.arpa", StringComparison.Ordinal) ? Reverse(name, type) : null;
        }
    }

    private DnsAnswer Within(string name, string[] labels, ushort type) => labels switch
    {
        ["dns-version"] => Only(type, DnsRecord.Txt(name, "1.1.0")),
        ["dns"] or ["svc"] or ["pod"] => Only(type),
        ["ns", "dns"] => Only(type, DnsRecord.Address(name, network.DnsAddress)),
        [var ns, "svc"] => _services.Values.Any(s => s.Namespace == ns) ? Only(type) : Unknown(),
        [var ns, "pod"] => _services.Values.Any(s => s.Namespace == ns) ? Only(type) : Unknown(),
        [var dashed, _, "pod"] => Pod(name, dashed, type),
        [.., var service, var ns, "svc"] => _services.TryGetValue($"{ns}/{service}", out var found) ? Service(name, found, labels[..^3], type) : Unknown(),
        _ => Unknown(),
    };

    private DnsAnswer Service(string name, ServiceRecord service, string[] rest, ushort type) => rest switch
    {
        [] => Service(name, service, type),
        [['_', ..]] => Only(type),
        [['_', .. var port], ['_', .. var protocol]] => Ports(name, service, port, protocol, type),
        [var host] => Endpoint(name, service, host, type),
        _ => Unknown(),
    };

    private DnsAnswer Service(string name, ServiceRecord service, ushort type)
    {
        if (service.ExternalName is { Length: > 0 } target)
        {
            return ExternalName(name, target.TrimEnd('.').ToLowerInvariant(), type);
        }

        if (type == DnsType.Srv)
        {
            return Ports(name, service, null, null, type);
        }

        if (service.ClusterAddress is { } address)
        {
            return Only(type, DnsRecord.Address(name, address));
        }

        // A headless Service without endpoints has no name, says the specification: clients then go on to their next search domain.
        var addresses = Endpoints(service).Select(e => e.Address).Distinct().ToArray();
        Random.Shared.Shuffle(addresses);
        return addresses.Length == 0 ? Unknown() : Only(type, [.. addresses.Select(a => DnsRecord.Address(name, a))]);
    }

    private DnsAnswer ExternalName(string name, string target, ushort type)
    {
        var alias = DnsRecord.Cname(name, target);
        if (type is DnsType.Cname)
        {
            return Only(type, alias);
        }

        // An alias of an alias of … is not followed: it could be a circle.
        var inside = target == Zone || target.EndsWith("." + Zone, StringComparison.Ordinal);
        if (!inside)
        {
            return new(DnsCode.NoError, [alias]) { Outside = target };
        }

        var labels = target.Length > Zone.Length ? target[..^(Zone.Length + 1)].Split('.') : [];
        var circular = labels is [.., var s, var ns, "svc"] && _services.TryGetValue($"{ns}/{s}", out var next) && next.ExternalName is not null;
        var answer = circular || labels.Length == 0 ? Unknown() : Within(target, labels, type);
        return answer with { Records = [alias, .. answer.Records] };
    }

    private DnsAnswer Ports(string name, ServiceRecord service, string? port, string? protocol, ushort type)
    {
        List<DnsRecord> records = [];
        List<DnsRecord> additional = [];
        var owner = $"{service.Name}.{service.Namespace}.svc.{Zone}";
        if (service.Headless)
        {
            foreach (var slice in _slices.Of(service.Key))
            {
                foreach (var p in slice.Ports.Where(p => Matches(p.Name, p.Protocol)))
                {
                    foreach (var endpoint in slice.Endpoints.Where(e => e.Ready))
                    {
                        var target = $"{HostName(endpoint)}.{owner}";
                        records.Add(DnsRecord.Srv(name, 100, p.Port, target));
                        additional.Add(DnsRecord.Address(target, endpoint.Address));
                    }
                }
            }
        }
        else if (service.ClusterAddress is { } address)
        {
            records.AddRange(service.Ports.Where(p => Matches(p.Name, p.Protocol)).Select(p => DnsRecord.Srv(name, 100, p.Port, owner)));
            additional.Add(DnsRecord.Address(owner, address));
        }

        return records.Count == 0 ? Unknown() : Only(type, [.. records]) with { Additional = type is DnsType.Srv or DnsType.Any ? [.. additional.DistinctBy(a => a.Name)] : [] };

        bool Matches(string portName, System.Net.Sockets.ProtocolType? kind) =>
            (port is null || portName == port) && (protocol is null || (protocol == "tcp" && kind is System.Net.Sockets.ProtocolType.Tcp) || (protocol == "udp" && kind is System.Net.Sockets.ProtocolType.Udp));
    }

    private DnsAnswer Endpoint(string name, ServiceRecord service, string host, ushort type)
    {
        var addresses = Endpoints(service).Where(e => HostName(e) == host || Dashed(e.Address) == host).Select(e => e.Address).Distinct().ToList();
        return addresses.Count == 0 ? Unknown() : Only(type, [.. addresses.Select(a => DnsRecord.Address(name, a))]);
    }

    private DnsAnswer Pod(string name, string dashed, ushort type)
    {
        var known = IPAddress.TryParse(dashed.Replace('-', '.'), out var address) && Dashed(address) == dashed
            && (network.PodRange.Contains(address) || address.Equals(network.NodeAddress));
        return known ? Only(type, DnsRecord.Address(name, address!)) : Unknown();
    }

    private DnsAnswer? Reverse(string name, ushort type)
    {
        var labels = name[..^".in-addr.arpa".Length].Split('.');
        if (labels.Length != 4 || !IPAddress.TryParse(string.Join('.', labels.Reverse()), out var address))
        {
            return null;
        }

        if (network.ServiceRange.Contains(address))
        {
            return _services.Values.FirstOrDefault(s => address.Equals(s.ClusterAddress)) is { } service
                ? Only(type, DnsRecord.Ptr(name, $"{service.Name}.{service.Namespace}.svc.{Zone}"))
                : Unknown();
        }

        if (!network.PodRange.Contains(address))
        {
            return null;
        }

        var names = _slices.All
            .SelectMany(s => s.Endpoints.Where(e => e.Address.Equals(address)).Select(e => DnsRecord.Ptr(name, $"{HostName(e)}.{s.Service}.{s.Namespace}.svc.{Zone}")))
            .ToArray();
        return names.Length == 0 ? Unknown() : Only(type, names);
    }

    private IEnumerable<SliceEndpoint> Endpoints(ServiceRecord service) => _slices.Of(service.Key).SelectMany(s => s.Endpoints).Where(e => e.Ready);

    private static string HostName(SliceEndpoint endpoint) => endpoint.HostName is { Length: > 0 } name ? name : Dashed(endpoint.Address);

    private static string Dashed(IPAddress address) => address.ToString().Replace('.', '-');

    private DnsAnswer Unknown() => new(DnsCode.NameError, []) { Authority = DnsRecord.Soa(Zone) };

    /// <summary>
    /// Those of a name's records that were asked for. With none of that type the name still exists (NODATA): an AAAA question answered with
    /// NXDOMAIN makes musl give up on the A records as well.
    /// </summary>
    private DnsAnswer Only(ushort type, params DnsRecord[] records)
    {
        var asked = records.Where(r => type is DnsType.Any || r.Type == type || r.Type is DnsType.Cname).ToList();
        return new(DnsCode.NoError, asked) { Authority = asked.Count == 0 ? DnsRecord.Soa(Zone) : null };
    }
}

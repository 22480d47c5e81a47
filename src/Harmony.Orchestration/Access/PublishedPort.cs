namespace Harmony.Orchestration.Access;

/// <summary>A port of this machine that leads to a Service.</summary>
/// <param name="ServicePort">The Service's own port number.</param>
/// <param name="LocalPort">The port on <paramref name="Address"/>.</param>
/// <param name="Address">The local address, <c>127.0.0.1</c> unless asked otherwise.</param>
public sealed record PublishedPort(string Namespace, string Service, int ServicePort, int LocalPort, string Address = "127.0.0.1")
{
    /// <summary>The Service port's name or appProtocol, which tells a web page from a database.</summary>
    public string? Protocol { get; init; }

    /// <summary>Where to reach it: a web address for what looks like one, else <c>host:port</c>.</summary>
    public string Location => LooksLikeWeb ? $"{(IsTls ? "https" : "http")}://localhost{(LocalPort == (IsTls ? 443 : 80) ? "" : $":{LocalPort}")}" : $"localhost:{LocalPort}";

    public bool LooksLikeWeb => IsTls || Protocol is null or "" || Protocol.Contains("http", StringComparison.OrdinalIgnoreCase) || Protocol.Contains("web", StringComparison.OrdinalIgnoreCase);

    private bool IsTls => ServicePort is 443 or 8443 || Protocol?.Contains("https", StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>A port that the user asks for: <c>--publish [LOCAL:]SERVICE:PORT</c>.</summary>
public sealed record PortRequest(string Service, int ServicePort, int? LocalPort)
{
    /// <summary>Reads <c>web:80</c> or <c>8080:web:80</c>; null where it is neither.</summary>
    public static PortRequest? Parse(string text) => text.Split(':') switch
    {
        [var service, var port] when service.Length > 0 && IsPort(port, out var p) => new(service, p, null),
        [var local, var service, var port] when service.Length > 0 && IsPort(local, out var l) && IsPort(port, out var p) => new(service, p, l),
        _ => null,
    };

    private static bool IsPort(string text, out int port) => int.TryParse(text, System.Globalization.NumberStyles.None, null, out port) && port is > 0 and < 65536;
}

using System.Globalization;
using System.Net;

namespace Harmony.Platform.Downloads;

/// <summary>Says in plain words why a download failed, and what may help: the proxy and the authorities in use are part of it.</summary>
internal sealed class DownloadFailure(HttpConnections connections)
{
    public DownloadException Of(Uri address, HttpRequestException e)
    {
        if (e.HttpRequestError == HttpRequestError.SecureConnectionError && connections.LastDistrust is { } why)
        {
            var trusted = connections.Bundle is { } bundle ? $" The authorities in {bundle} did not help." : "";
            return new(
                DownloadError.Untrusted,
                $"{Shown(address)} could not be fetched: {why}.{trusted}",
                "If your network replaces certificates, put its authority into a PEM file and name it in HARMONY_CA_BUNDLE.",
                e);
        }

        var reason = e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => $"the name '{(Proxy(address) is null ? address.Host : Proxy(address))}' is not known",
            HttpRequestError.ProxyTunnelError => "the proxy did not let the connection through",
            HttpRequestError.SecureConnectionError => "no secure connection could be made",
            HttpRequestError.ConnectionError => $"there is no connection ({(e.InnerException ?? e).Message})",
            _ => (e.InnerException ?? e).Message,
        };
        return Unreachable(address, reason, e);
    }

    public DownloadException BrokenOff(Uri address, Exception e) => Unreachable(address, "the connection broke off", e);

    public DownloadException Stalled(Uri address, TimeSpan limit, Exception e) => new(
        DownloadError.Stalled,
        string.Create(CultureInfo.InvariantCulture, $"{Shown(address)} could not be fetched: nothing came for {limit.TotalSeconds:0.#} s{Through(address)}."),
        Hint(address),
        e)
    {
        IsTransient = true,
    };

    public DownloadException Answer(Uri address, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var message = $"{Shown(address)} could not be fetched: the server answers {status} {response.ReasonPhrase}{Through(address)}.";
        var transient = status is 206 or 408 or 416 or 429 or >= 500;
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new(DownloadError.NotFound, message, "Check the version and the mirror."),
            HttpStatusCode.ProxyAuthenticationRequired => new(DownloadError.Refused, message, "Put the proxy's user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT."),
            _ => new(transient ? DownloadError.Unreachable : DownloadError.Refused, message, transient ? "Try again later." : Hint(address))
            {
                IsTransient = transient,
                RetryAfter = response.Headers.RetryAfter?.Delta,
            },
        };
    }

    public DownloadException TooLarge(Uri address, long bound) =>
        new(DownloadError.TooLarge, $"{Shown(address)} was not fetched: it has more than the {bound} bytes that are allowed.", "Check the mirror and the proxy: this is not the file that was asked for.");

    /// <summary>A file put together from two answers may be of two versions: that is worth one more try from the start.</summary>
    public DownloadException WrongContent(Uri address, string expected, string found, bool resumed) => new(
        DownloadError.ChecksumMismatch,
        $"{Shown(address)} was fetched, but is not what it should be{Through(address)}: its SHA-256 is {found}, expected was {expected.ToLowerInvariant()}. It was deleted.",
        "A mirror or a proxy may have changed it, or sent a page of its own. Try again, or without them.")
    {
        IsTransient = resumed,
        RetryAfter = resumed ? TimeSpan.Zero : null,
    };

    private DownloadException Unreachable(Uri address, string reason, Exception e) =>
        new(DownloadError.Unreachable, $"{Shown(address)} could not be fetched: {reason}{Through(address)}.", Hint(address), e) { IsTransient = true };

    private string? Proxy(Uri address) => connections.ProxyFor(address);

    private string Through(Uri address) => Proxy(address) is { } proxy ? $" (through the proxy {proxy})" : "";

    private string Hint(Uri address) => Proxy(address) is null
        ? "Check the network. Behind a proxy, set HTTPS_PROXY."
        : "Check the network and the proxy (HTTPS_PROXY; hosts to reach without it go into NO_PROXY).";

    /// <summary>Without user, password and query, which may hold secrets.</summary>
    private static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}

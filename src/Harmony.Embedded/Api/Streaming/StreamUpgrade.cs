using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>Turns a request into a two-way connection: a WebSocket (RFC 6455), or SPDY/3.1 as older clients speak it.</summary>
internal static class StreamUpgrade
{
    private const string WebSocketKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    public static bool IsWebSocket(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        && string.Equals(context.Request.Headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
        && context.Request.Headers.SecWebSocketKey.Count == 1;

    public static bool IsSpdy(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        && string.Equals(context.Request.Headers.Upgrade, "SPDY/3.1", StringComparison.OrdinalIgnoreCase);

    /// <summary>The first protocol that the client offers and the server speaks. A client that offers none gets the last, oldest one.</summary>
    /// <exception cref="ApiException">400: there is none in common.</exception>
    public static string ChooseProtocol(HttpContext context, string header, params ReadOnlySpan<string> spoken)
    {
        var offered = context.Request.Headers[header].SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (offered.Count == 0)
        {
            return spoken[^1];
        }

        foreach (var protocol in spoken)
        {
            if (offered.Contains(protocol, StringComparer.Ordinal))
            {
                return protocol;
            }
        }

        throw new ApiException(400, "BadRequest", $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', offered)}], server accepts [{string.Join(' ', spoken.ToArray())}]");
    }

    public static async Task<WebSocket> AcceptWebSocketAsync(HttpContext context, string protocol)
    {
        var key = context.Request.Headers.SecWebSocketKey.ToString();
        var headers = context.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
#pragma warning disable CA5350 // RFC 6455 asks for SHA-1; nothing depends on its strength.
        headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + WebSocketKey)));
#pragma warning restore CA5350
        if (context.Request.Headers.SecWebSocketProtocol.Count > 0)
        {
            headers.SecWebSocketProtocol = protocol;
        }

        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        // The protocol's name is not told to the WebSocket: kubectl's, with its slash, would be refused as no token of RFC 6455.
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions
        {
            IsServer = true,
            KeepAliveInterval = TimeSpan.FromSeconds(30),
        });
    }

    public static async Task<Stream> AcceptSpdyAsync(HttpContext context, string protocol)
    {
        var headers = context.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "SPDY/3.1";
        headers["X-Stream-Protocol-Version"] = protocol;
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }
}

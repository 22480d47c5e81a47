using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Harmony.Embedded.Wasm;

/// <summary>The variables that tell a CGI program of its request (RFC 3875, section 4.1, and WAGI's <c>X_</c> ones).</summary>
internal static class CgiEnvironment
{
    public static IReadOnlyList<string> Of(HttpContext context, long contentLength)
    {
        var request = context.Request;
        List<string> variables =
        [
            "GATEWAY_INTERFACE=CGI/1.1",
            "SERVER_SOFTWARE=harmony",
            $"SERVER_PROTOCOL={request.Protocol}",
            $"SERVER_NAME={(request.Host.HasValue ? request.Host.Host : context.Connection.LocalIpAddress?.ToString())}",
            $"SERVER_PORT={(request.Host.Port ?? context.Connection.LocalPort).ToString(CultureInfo.InvariantCulture)}",
            $"REQUEST_METHOD={request.Method}",
            "SCRIPT_NAME=",
            $"PATH_INFO={request.Path.Value}",
            $"X_RAW_PATH_INFO={context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0]}",
            $"QUERY_STRING={request.QueryString.Value?.TrimStart('?')}",
            $"REMOTE_ADDR={context.Connection.RemoteIpAddress}",
            $"REMOTE_HOST={context.Connection.RemoteIpAddress}",
            $"CONTENT_LENGTH={(contentLength > 0 ? contentLength.ToString(CultureInfo.InvariantCulture) : "")}",
            $"CONTENT_TYPE={request.ContentType}",
        ];
        foreach (var (name, value) in request.Headers)
        {
            var variable = "HTTP_" + name.ToUpperInvariant().Replace('-', '_');

            // HTTP_PROXY would be taken for the program's own proxy setting: https://httpoxy.org
            if (variable is not ("HTTP_PROXY" or "HTTP_CONTENT_LENGTH" or "HTTP_CONTENT_TYPE"))
            {
                variables.Add($"{variable}={value}");
            }
        }

        return variables;
    }
}

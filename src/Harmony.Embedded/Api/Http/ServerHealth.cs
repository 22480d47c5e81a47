using System.Text;

namespace Harmony.Embedded.Api.Http;

/// <summary>The checks behind <c>/livez</c>, <c>/readyz</c> and <c>/healthz</c>. Anybody may ask.</summary>
internal sealed class ServerHealth
{
    private readonly List<(string Name, Func<string?> Check)> ready = [];

    /// <summary>Adds a check that must pass before the server is ready.</summary>
    /// <param name="check">Null when all is well; otherwise what is missing.</param>
    public void AddReadiness(string name, Func<string?> check) => ready.Add((name, check));

    public Task AnswerAsync(Exchange exchange, string[] segments)
    {
        if (exchange.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        (string Name, Func<string?> Check)[] checks = [("ping", () => null), .. segments[0] == "readyz" ? ready : []];
        if (segments.Length > 1)
        {
            checks = [.. checks.Where(c => c.Name == segments[1])];
            if (checks.Length == 0)
            {
                return exchange.WriteTextAsync(404, "404 page not found\n");
            }
        }

        var excluded = exchange.Http.Request.Query["exclude"];
        var text = new StringBuilder();
        var failed = false;
        foreach (var (name, check) in checks)
        {
            if (excluded.Contains(name))
            {
                text.Append($"[+]{name} excluded: ok\n");
            }
            else if (check() is { } reason)
            {
                failed = true;
                text.Append($"[-]{name} failed: {reason}\n");
            }
            else
            {
                text.Append($"[+]{name} ok\n");
            }
        }

        if (failed)
        {
            return exchange.WriteTextAsync(500, $"{text}{segments[0]} check failed\n");
        }

        return exchange.WriteTextAsync(200, exchange.Http.Request.Query.ContainsKey("verbose") ? $"{text}{segments[0]} check passed\n" : "ok");
    }
}

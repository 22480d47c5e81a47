using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Harmony.Embedded.Node.Images.Registry;

internal sealed partial class RegistrySession
{
    private const int LargestToken = 64 * 1024;

    private readonly SemaphoreSlim _authorizing = new(1);
    private AuthenticationHeaderValue? _authorization;

    /// <summary>Answers a challenge; false where there is nothing to answer it with.</summary>
    private async Task<bool> AuthorizeAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var refused = response.RequestMessage!.Headers.Authorization;
        await _authorizing.WaitAsync(cancellation);
        try
        {
            if (!Equals(_authorization, refused))
            {
                return true;
            }

            if (AuthenticationChallenge.Find(response, "Bearer") is { Realm: not null } bearer)
            {
                // A token that was just fetched and is refused will be refused again.
                if (bearer.Error is "insufficient_scope" && refused is not null)
                {
                    return false;
                }

                _authorization = new("Bearer", await FetchTokenAsync(bearer, cancellation));
                return true;
            }

            if (AuthenticationChallenge.Find(response, "Basic") is not null && credential is { IdentityToken: null } && refused is null)
            {
                _authorization = Basic(credential);
                return true;
            }

            return false;
        }
        finally
        {
            _authorizing.Release();
        }
    }

    private async Task<string> FetchTokenAsync(AuthenticationChallenge challenge, CancellationToken cancellation)
    {
        var what = credential is null ? "failed to fetch anonymous token" : "failed to fetch oauth token";
        if (!Uri.TryCreate(challenge.Realm, UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https")
            || (realm.Scheme == "http" && endpoint.Url.Scheme == "https" && !RegistryEndpoint.IsLoopback(realm.Host)))
        {
            throw new RegistryException($"failed to authorize: {what}: \"{challenge.Realm}\" is no address for tokens");
        }

        using var request = TokenRequest(realm, challenge);
        using var response = await SendOnceAsync(request, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new RegistryException($"failed to authorize: {what}: unexpected status: {Status(response)}") { IsUnauthorized = true };
        }

        var body = await ReadBoundedAsync(response, LargestToken, cancellation);
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            return Descriptor.Text(json.RootElement, "token") ?? Descriptor.Text(json.RootElement, "access_token")
                ?? throw new RegistryException($"failed to authorize: {what}: authorization server did not include a token in the response");
        }
        catch (JsonException e)
        {
            throw new RegistryException($"failed to authorize: {what}: unable to decode token response: {e.Message}", e);
        }
    }

    private HttpRequestMessage TokenRequest(Uri realm, AuthenticationChallenge challenge)
    {
        var scope = challenge.Scope ?? $"repository:{endpoint.Repository}:pull";
        if (credential?.IdentityToken is { } identity)
        {
            return new(HttpMethod.Post, realm)
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["grant_type"] = "refresh_token", ["refresh_token"] = identity, ["service"] = challenge.Service ?? "", ["scope"] = scope, ["client_id"] = "harmony",
                }),
            };
        }

        var query = new StringBuilder(realm.Query.TrimStart('?'));
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        Add("service", challenge.Service);
        foreach (var one in scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Add("scope", one);
        }

        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        if (credential is not null)
        {
            request.Headers.Authorization = Basic(credential);
        }

        return request;
    }

    /// <summary>Docker Hub says no to what is private and to what is not there in the same way.</summary>
    private static RegistryException? Denied(HttpResponseMessage response) =>
        response.StatusCode == System.Net.HttpStatusCode.Unauthorized && AuthenticationChallenge.Find(response, "Bearer") is { Error: "insufficient_scope" }
            ? new("pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed") { IsUnauthorized = true }
            : null;

    private static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}")));
}

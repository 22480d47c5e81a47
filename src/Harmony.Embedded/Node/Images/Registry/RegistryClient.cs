using System.Text.Json.Nodes;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>Finds the place and the credentials with which an image can be had.</summary>
internal sealed class RegistryClient(Func<Registries> registries, RegistryTimeouts timeouts, TimeProvider time) : IDisposable
{
    private const int Tries = 3;

    private readonly RegistryConnections _connections = new(timeouts, time);

    /// <summary>The session that knows the image, and the digest of what the reference names.</summary>
    /// <exception cref="RegistryException">No endpoint and no credential gave it.</exception>
    public async Task<(RegistrySession Session, string? Digest)> ResolveAsync(ImageReference image, IReadOnlyList<JsonObject> pullSecrets, CancellationToken cancellation)
    {
        var secrets = RegistryCredential.Matching(pullSecrets, image);
        RegistryException? first = null;
        foreach (var endpoint in registries().EndpointsOf(image.Registry, image.Repository))
        {
            if (endpoint.IsFallback && first is { IsWrongProtocol: false })
            {
                break;
            }

            foreach (var credential in CredentialsFor(endpoint, secrets))
            {
                var session = new RegistrySession(_connections, endpoint, credential, timeouts);
                try
                {
                    return (session, await RetryAsync(() => session.ResolveAsync(image.Object, cancellation), cancellation));
                }
                catch (RegistryException e)
                {
                    session.Dispose();

                    // What went wrong first says most; only that a mirror has not got the image says nothing.
                    first = first is null or { IsNotFound: true } ? e : first;
                    if (!e.IsUnauthorized)
                    {
                        break;
                    }
                }
            }
        }

        throw first!.IsNotFound ? new RegistryException($"{image}: not found", first) { IsNotFound = true } : first;
    }

    /// <summary>Tries again, with growing pauses, what may pass by itself.</summary>
    public async Task<T> RetryAsync<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await action();
            }
            catch (RegistryException e) when (e.IsTransient && attempt < Tries)
            {
                await PauseAsync(attempt, cancellation);
            }
        }
    }

    public Task PauseAsync(int attempt, CancellationToken cancellation) => Task.Delay(timeouts.Pause * Math.Pow(2, Math.Min(attempt, 5) - 1), time, cancellation);

    public void Dispose() => _connections.Dispose();

    private static IReadOnlyList<RegistryCredential?> CredentialsFor(RegistryEndpoint endpoint, IReadOnlyList<RegistryCredential> secrets)
    {
        // A pod's secrets are for the registry it names, and no business of a mirror.
        List<RegistryCredential?> all = endpoint.MirrorOf is null ? [.. secrets] : [];
        if (endpoint.Credential is { } configured)
        {
            all.Add(configured);
        }

        return all.Count == 0 ? [null] : all;
    }
}

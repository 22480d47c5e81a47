using System.Text.Json.Nodes;

namespace Harmony.Benchmarks.Subjects;

/// <summary>The published binary, with a <c>HARMONY_HOME</c> of its own.</summary>
internal sealed class HarmonyBinary(string path, string home, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["HARMONY_HOME"] = home, ["HARMONY_RUNTIME"] = "embedded" };

    public string Path => path;

    /// <summary>The embedded runtime's kubeconfig, for kubectl on the same API server.</summary>
    public string Kubeconfig => System.IO.Path.Combine(home, "data", "embedded", "kubeconfig");

    /// <summary>The process of the embedded runtime that runs now.</summary>
    public int ServerProcess => JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(home, "data", "embedded", "endpoint.json")))!["pid"]!.GetValue<int>();

    /// <summary>The embedded runtime's process, and what holds its containers.</summary>
    public IReadOnlyList<int> Processes => [ServerProcess, .. ProcessUse.Find(home).Where(p => p != ServerProcess)];

    public Task<Launched> RunAsync(params string[] arguments) => Launched.RunAsync(path, arguments, environment, cancellation);

    public Task<Launched> StartAsync() => RunAsync("runtime", "start", "embedded");

    public Task<Launched> StopAsync() => RunAsync("runtime", "stop", "embedded");

    /// <summary>Keeps an image (an OCI archive) in the runtime's store: it runs while this is done.</summary>
    public async Task LoadAsync(string archive)
    {
        await StartAsync();
        using var client = EmbeddedClient.Open(Kubeconfig);
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(archive, cancellation));
        using var answer = await client.PostAsync(new Uri("/harmony.dev/v1/images", UriKind.Relative), content, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new BenchException($"loading {archive}: {await answer.Content.ReadAsStringAsync(cancellation)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(System.IO.Path.Combine(home, "data")))
        {
            // Also where the measurements were interrupted.
            await Launched.RunAsync(path, ["runtime", "stop", "embedded"], environment, CancellationToken.None);
        }
    }
}

namespace Harmony.Benchmarks.Subjects;

/// <summary>kubectl on the embedded runtime's API server, with a discovery cache of its own as a user who works with it has.</summary>
internal static class Kubectl
{
    public static string? Missing => Installed.Find("kubectl") is null ? "not installed" : null;

    public static Task<Launched> RunAsync(Bench bench, params string[] arguments) => Launched.RunAsync(
        "kubectl", ["--kubeconfig", bench.Harmony.Kubeconfig, "--cache-dir", bench.Folder("kubectl-cache"), .. arguments], null, bench.Cancellation);
}

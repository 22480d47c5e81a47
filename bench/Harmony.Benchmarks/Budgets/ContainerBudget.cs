using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary>
/// From nothing running to one container that is Ready, its image present. Harmony starts its whole runtime in this time; Docker's daemon, which
/// always runs, is started before.
/// </summary>
internal sealed class ContainerBudget : IBudget
{
    private const string Project = """
        apiVersion: v1
        kind: Pod
        metadata: { name: one }
        spec:
          terminationGracePeriodSeconds: 0
          containers: [{ name: busybox, image: "bench.local/busybox:1" }]
        """;

    private const string Compose = """
        services:
          one:
            image: bench.local/busybox:1
            stop_grace_period: 0s
        """;

    public string Title => "nothing running → one container Ready";

    public async Task MeasureAsync(Bench bench)
    {
        if (Busybox.Missing is { } why)
        {
            bench.AddMissing(Title, "harmony", why);
            return;
        }

        await bench.Harmony.LoadAsync(Busybox.Archive(bench));
        await bench.Harmony.StopAsync();
        var project = bench.Folder("one-container");
        await File.WriteAllTextAsync(Path.Combine(project, "pod.yaml"), Project, bench.Cancellation);
        var composed = bench.Folder("one-service");
        await File.WriteAllTextAsync(Path.Combine(composed, "compose.yaml"), Compose, bench.Cancellation);

        var noDocker = await bench.Docker.StartAsync();
        var noCompose = noDocker ?? (DockerDaemon.Compose is null ? "not installed" : null);
        if (noDocker is null)
        {
            await Busybox.LoadAsync(bench, bench.Docker);
        }

        List<double> harmony = [], docker = [], compose = [];
        for (var run = 0; run < bench.Runs; run++)
        {
            harmony.Add((await bench.Harmony.RunAsync("up", project)).Milliseconds);
            await bench.Harmony.RunAsync("down", project);
            await bench.Harmony.StopAsync();
            if (noDocker is null)
            {
                docker.Add((await bench.Docker.RunAsync("run", "-d", "--name", "one", Busybox.Reference)).Milliseconds);
                await bench.Docker.RunAsync("rm", "-f", "one");
            }

            if (noCompose is null)
            {
                compose.Add((await bench.Docker.ComposeAsync(composed, "up", "-d", "--wait")).Milliseconds);
                await bench.Docker.ComposeAsync(composed, "down");
            }
        }

        bench.Add(new(Title, "harmony up", "ms", harmony) { Bound = 1000 });
        Add(bench, "docker compose up -d --wait", compose, noCompose);
        Add(bench, "docker run -d", docker, noDocker);
    }

    private void Add(Bench bench, string subject, List<double> values, string? missing)
    {
        if (missing is not null)
        {
            bench.AddMissing(Title, subject, missing);
        }
        else
        {
            bench.Add(new(Title, subject, "ms", values));
        }
    }
}

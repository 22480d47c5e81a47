using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks.Budgets;

/// <summary>What the runtime takes while its ten pods do nothing; what runs in the pods does not count.</summary>
internal sealed class IdleBudget : IBudget
{
    private const string Project = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: ten }
        spec:
          replicas: 10
          selector: { matchLabels: { app: ten } }
          template:
            metadata: { labels: { app: ten } }
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{ name: busybox, image: "bench.local/busybox:1" }]
        """;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(20);

    public string Title => "idle, ten pods";

    public async Task MeasureAsync(Bench bench)
    {
        if (Busybox.Missing is { } why)
        {
            bench.AddMissing(Title, "harmony", why);
            return;
        }

        await bench.Harmony.LoadAsync(Busybox.Archive(bench));
        await bench.Harmony.StopAsync();
        var project = bench.Folder("ten-pods");
        await File.WriteAllTextAsync(Path.Combine(project, "deployment.yaml"), Project, bench.Cancellation);
        await bench.Harmony.RunAsync("up", project);
        var noDocker = await bench.Docker.StartAsync();
        if (noDocker is null)
        {
            await Busybox.LoadAsync(bench, bench.Docker);
            for (var i = 0; i < 10; i++)
            {
                await bench.Docker.RunAsync("run", "-d", "--name", $"idle-{i}", Busybox.Reference);
            }
        }

        await Task.Delay(Settling, bench.Cancellation);
        var server = bench.Harmony.ServerProcess;
        (string Subject, IReadOnlyList<int> Processes)[] groups =
        [
            ("harmony", [server]),
            ("harmony and what holds its containers", bench.Harmony.Processes),
            ("docker and its shims", noDocker is null ? bench.Docker.Processes : []),
        ];
        var busy = await Task.WhenAll(groups.Select(g => ProcessUse.BusyAsync(g.Processes, Watched, bench.Cancellation)));
        bench.Add(new($"{Title}: resident", "harmony", "MB", [ProcessUse.Resident(server)]) { Bound = 100 });
        foreach (var (subject, processes) in groups.Where(g => g.Processes.Count > 0))
        {
            bench.Add(new($"{Title}: resident, shared pages once", subject, "MB", [processes.Sum(ProcessUse.Proportional)]));
        }

        foreach (var (group, share) in groups.Zip(busy).Where(g => g.First.Processes.Count > 0))
        {
            bench.Add(new($"{Title}: processor", group.Subject, "% of a core", [share]) { Bound = group.Subject == "harmony" ? 1 : null });
        }

        if (noDocker is null)
        {
            await bench.Docker.RunAsync(["rm", "-f", .. Enumerable.Range(0, 10).Select(i => $"idle-{i}")]);
        }
        else
        {
            bench.AddMissing(Title, "docker", noDocker);
        }

        await bench.Harmony.RunAsync("down", project);
    }
}

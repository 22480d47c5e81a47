using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks;

/// <summary>One run of the benchmarks: its scratch folder, the subjects, and the rows so far. Disposing it leaves the machine as it was.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("harmony-bench-").FullName;
    private readonly List<Row> rows = [];

    public Bench(string binary, int runs, CancellationToken cancellation)
    {
        (Runs, Cancellation) = (runs, cancellation);
        Harmony = new HarmonyBinary(Path.GetFullPath(binary), Folder("home"), cancellation);
        Docker = new DockerDaemon(Path.Combine(folder, "docker"), cancellation);
    }

    /// <summary>How often each is measured.</summary>
    public int Runs { get; }

    public CancellationToken Cancellation { get; }

    public HarmonyBinary Harmony { get; }

    public DockerDaemon Docker { get; }

    public IReadOnlyList<Row> Rows => rows;

    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

    public void Add(Row row) => rows.Add(row);

    public void AddMissing(string what, string subject, string why) => rows.Add(new(what, subject, "", []) { Missing = why });

    public async ValueTask DisposeAsync()
    {
        await Docker.DisposeAsync();
        await Harmony.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

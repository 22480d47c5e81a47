using Harmony.Testing.Images;

namespace Harmony.Benchmarks.Subjects;

/// <summary>The same one-program image for everybody, from this machine's static busybox (Debian: busybox-static).</summary>
internal static class Busybox
{
    public const string Reference = "bench.local/busybox:1";

    private const string Program = "/bin/busybox";

    public static string? Missing => !File.Exists(Program) ? "busybox-static is not installed" : Environment.UserName != "root" ? "needs root" : null;

    /// <summary>An OCI image layout archive.</summary>
    public static string Archive(Bench bench)
    {
        var path = Path.Combine(bench.Folder("images"), "busybox.tar");
        if (!File.Exists(path))
        {
            var image = new ImageBuilder().WithFiles(("bin/busybox", File.ReadAllBytes(Program), 0b111_101_101), ("tmp/", [], 0)).WithCommand("/bin/busybox", "sleep", "100000").Build();
            File.WriteAllBytes(path, image.ToArchive(Reference));
        }

        return path;
    }

    /// <summary>Docker takes no OCI layout before version 25: it gets the root folder as an archive.</summary>
    public static async Task LoadAsync(Bench bench, DockerDaemon docker)
    {
        var root = bench.Folder("busybox-root");
        var archive = Path.Combine(bench.Folder("images"), "busybox-root.tar");
        if (!File.Exists(archive))
        {
            Directory.CreateDirectory(Path.Combine(root, "bin"));
            File.Copy(Program, Path.Combine(root, "bin", "busybox"), overwrite: true);
            System.Formats.Tar.TarFile.CreateFromDirectory(root, archive, includeBaseDirectory: false);
        }

        await docker.RunAsync("import", "--change", "CMD [\"/bin/busybox\",\"sleep\",\"100000\"]", archive, Reference);
    }
}

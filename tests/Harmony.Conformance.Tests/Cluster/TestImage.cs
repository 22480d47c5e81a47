using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Testing.Images;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>
/// An image with BusyBox's <c>sh</c>: that of <c>HARMONY_TEST_IMAGE</c>, or on the embedded runtime one made from this machine's busybox and served
/// from a registry on loopback.
/// </summary>
public sealed class TestImage : IAsyncDisposable
{
    public const string Variable = "HARMONY_TEST_IMAGE";
    private RegistryServer? registry;

    private TestImage()
    {
    }

    public string Reference { get; private set; } = "";

    /// <summary>Why no real pod can be run here; null where it can.</summary>
    public string? Missing { get; private set; }

    public static async Task<TestImage> FindAsync(ConformanceCluster cluster)
    {
        var image = new TestImage { Reference = Environment.GetEnvironmentVariable(Variable) ?? "" };
        var nodes = (await cluster.Raw.GetAsync("/api/v1/nodes")).Expect(200)["items"].Objects();
        if (!cluster.IsEmbedded && !nodes.Any(n => n.Name != cluster.Node.Name && n.Condition("Ready")?.Text("status") == "True"))
        {
            image.Missing = "the cluster has no nodes";
        }
        else if (image.Reference.Length == 0)
        {
            image.Missing = cluster.IsEmbedded ? await image.MakeAsync() : $"{Variable} names no image that the cluster can pull";
        }

        return image;
    }

    public ValueTask DisposeAsync() => registry?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <returns>Why it cannot be made; null where it was.</returns>
    private async Task<string?> MakeAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "containers on the embedded runtime need root on Linux";
        }

        if (!((string[])["/usr/bin/runc", "/usr/sbin/runc", "/usr/local/bin/runc", "/usr/local/sbin/runc"]).Any(File.Exists))
        {
            return "runc is not installed";
        }

        if (((string[])["/bin/busybox", "/usr/bin/busybox"]).FirstOrDefault(File.Exists) is not { } busybox)
        {
            return "busybox is not installed";
        }

        registry = await RegistryServer.StartAsync();
        string[] applets = ["sh", "echo", "cat", "sleep", "env", "true", "false", "test", "touch", "wget", "httpd", "id", "date"];
        var image = new ImageBuilder()
            .WithFiles(("bin/busybox", await File.ReadAllBytesAsync(busybox), 0b111_101_101), ("tmp/", [], 0b111_111_111), ("www/index.html", "hello\n"u8.ToArray(), 0b110_100_100))
            .WithLayer(tar =>
            {
                foreach (var applet in applets)
                {
                    tar.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.SymbolicLink, $"bin/{applet}") { LinkName = "busybox" });
                }
            })
            .WithEnvironment("PATH=/bin")
            .WithCommand("sh")
            .Build();
        Reference = registry.Add("busybox", "1", image);
        return null;
    }
}

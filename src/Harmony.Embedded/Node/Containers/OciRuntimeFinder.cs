using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Native;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Harmony.Platform.Machine;
using Harmony.Platform.Processes;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// Finds an OCI runtime that truly works on this machine. Each candidate is made to start a container once before it is relied on: Debian's crun 1.8,
/// for one, is there but refuses hybrid cgroups. What was found is remembered until the machine boots again or the program changes.
/// </summary>
internal sealed class OciRuntimeFinder(string dataFolder, OciHost host, ICommandRunner commands) : IDisposable
{
    private static readonly string[] Folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private static readonly (string Program, string[] Arguments)[] PackageManagers =
    [
        ("apt-get", ["install", "-y", "--no-install-recommends", "runc"]),
        ("dnf", ["install", "-y", "runc"]),
        ("zypper", ["--non-interactive", "install", "runc"]),
        ("apk", ["add", "runc"]),
        ("pacman", ["-S", "--noconfirm", "runc"]),
    ];

    /// <summary>How long a failed search stands: each container that waits asks again, and none should start another installation.</summary>
    private static readonly TimeSpan FailureStands = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim once = new(1, 1);
    private string? found;
    private ContainerException? failure;
    private long failedAt;

    private string Remembered => Path.Combine(dataFolder, "oci-runtime.json");

    /// <summary>Where programs are looked for, first those of <c>PATH</c>.</summary>
    public IReadOnlyList<string> SearchPath { get; init; } =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(Folders).Distinct(StringComparer.Ordinal)];

    /// <summary>Told in plain words what is being done where that takes a while or changes the machine.</summary>
    public Action<string> Log { get; init; } = _ => { };

    /// <returns>The path of the program.</returns>
    /// <exception cref="ContainerException"><see cref="ContainerError.RuntimeMissing"/>: there is none that works, and none could be installed.</exception>
    public async Task<string> FindAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref found) is { } known)
        {
            return known;
        }

        await once.WaitAsync(cancellation);
        try
        {
            if (failure is not null && TimeProvider.System.GetElapsedTime(failedAt) < FailureStands)
            {
                throw failure;
            }

            found ??= Recall() ?? await SearchAsync(cancellation);
            return found;
        }
        catch (ContainerException e) when (e != failure)
        {
            (failure, failedAt) = (e, TimeProvider.System.GetTimestamp());
            throw;
        }
        finally
        {
            once.Release();
        }
    }

    public void Dispose() => once.Dispose();

    private async Task<string> SearchAsync(CancellationToken cancellation)
    {
        var refusals = new List<string>();
        if (await TryCandidatesAsync(refusals, cancellation) is { } present)
        {
            return present;
        }

        if (Libc.EffectiveUser() == 0 && refusals.TrueForAll(r => !r.StartsWith("runc", StringComparison.Ordinal)))
        {
            await InstallAsync(refusals, cancellation);
            if (await TryCandidatesAsync(refusals, cancellation) is { } installed)
            {
                return installed;
            }
        }

        throw new ContainerException(
            ContainerError.RuntimeMissing,
            refusals.Count == 0 ? "no OCI runtime (runc, crun) is installed" : $"no OCI runtime works on this machine: {string.Join("; ", refusals)}",
            "Install runc with the machine's package manager, for example: apt-get install runc");
    }

    private async Task<string?> TryCandidatesAsync(List<string> refusals, CancellationToken cancellation)
    {
        // runc first where a hybrid of both cgroup versions is mounted: crun does not take it.
        foreach (var name in host.UnifiedCgroups ? (string[])["crun", "runc"] : ["runc", "crun"])
        {
            if (Programs.FindIn(SearchPath, name) is not { } program)
            {
                continue;
            }

            if (await TryAsync(program, cancellation) is { } refusal)
            {
                refusals.Add($"{name}: {refusal}");
                continue;
            }

            Remember(program);
            return program;
        }

        return null;
    }

    /// <summary>Starts a container of a program that is not there: getting as far as looking for it means that everything else worked.</summary>
    private async Task<string?> TryAsync(string program, CancellationToken cancellation)
    {
        var bundle = Path.Combine(dataFolder, "oci-trial");
        var id = "trial-" + Guid.NewGuid().ToString("N");
        Disk.CreateFolder(Path.Combine(bundle, "rootfs"));
        var config = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = new JsonObject
            {
                ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
                ["args"] = new JsonArray("/harmony-trial"),
                ["env"] = new JsonArray("PATH=/"),
                ["cwd"] = "/",
            },
            ["root"] = new JsonObject { ["path"] = "rootfs" },
            ["mounts"] = new JsonArray((JsonNode)new JsonObject { ["destination"] = "/proc", ["type"] = "proc", ["source"] = "proc" }),
            ["linux"] = new JsonObject
            {
                ["namespaces"] = new JsonArray(new JsonObject { ["type"] = "mount" }, new JsonObject { ["type"] = "pid" }),
                ["cgroupsPath"] = $"{host.CgroupParent}/{id}",
                ["resources"] = new JsonObject { ["cpu"] = new JsonObject { ["shares"] = 2 } },
            },
        };
        try
        {
            Disk.WriteQuickly(Path.Combine(bundle, "config.json"), config.ToJsonString());
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            var result = await commands.TryRunAsync(
                Command.Of(program, "--root", Path.Combine(dataFolder, "oci"), "run", "--keep", "--bundle", bundle, id), limit.Token);
            var said = (result.Error + result.Output).Trim();
            return said.Contains("/harmony-trial", StringComparison.Ordinal) ? null : said.Length == 0 ? $"ended with exit code {result.ExitCode}" : LastLine(said);
        }
        catch (ProcessException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "did not start a container within 20 s";
        }
        finally
        {
            Cgroups.Remove($"{host.CgroupParent}/{id}");
            Disk.DeleteTree(bundle);
            Disk.DeleteTree(Path.Combine(dataFolder, "oci", id));
        }
    }

    private async Task InstallAsync(List<string> refusals, CancellationToken cancellation)
    {
        foreach (var (name, arguments) in PackageManagers)
        {
            if (Programs.FindIn(SearchPath, name) is not { } manager)
            {
                continue;
            }

            var command = Command.Of(manager, arguments) with { Environment = System.Collections.Immutable.ImmutableDictionary<string, string?>.Empty.Add("DEBIAN_FRONTEND", "noninteractive") };
            Log($"No OCI runtime works on this machine; installing runc: {command}");
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromMinutes(5));
            try
            {
                var result = await commands.TryRunAsync(command, limit.Token);
                if (!result.Succeeded)
                {
                    refusals.Add($"`{command}` ended with exit code {result.ExitCode}: {LastLine(result.Error + result.Output)}");
                }
            }
            catch (ProcessException e)
            {
                refusals.Add(e.Message);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                refusals.Add($"`{command}` took longer than 5 minutes");
            }

            return;
        }
    }

    private string? Recall()
    {
        try
        {
            return Disk.ReadTextIfPresent(Remembered) is { } text && JsonNode.Parse(text) is JsonObject json
                && json.Text("program") is { } program && json.Text("boot") == MachineFacts.BootId && json.Text("stamp") == Stamp(program)
                ? program
                : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private void Remember(string program) => Disk.WriteQuickly(
        Remembered, new JsonObject { ["program"] = program, ["boot"] = MachineFacts.BootId, ["stamp"] = Stamp(program) }.ToJsonString());

    private static string Stamp(string program) =>
        Disk.FileExists(program) ? string.Create(CultureInfo.InvariantCulture, $"{Disk.Size(program)} {Disk.WrittenAt(program):O}") : "";

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("").Trim();
}

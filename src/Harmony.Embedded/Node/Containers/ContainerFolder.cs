using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Native;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// What is on disk for one container of the OCI runtime: its bundle, the pipes between it and this process, and how it ended. All of it is read again
/// by the next process after a kill.
/// </summary>
internal sealed class ContainerFolder(string path)
{
    public string Path { get; } = path;

    /// <summary>The OCI configuration.</summary>
    public string Config => In("config.json");

    public string RootFilesystem => In("rootfs");

    /// <summary>Pipes of the container's output, and one on which its supervisor says that it has ended.</summary>
    public string Output => In("out");

    public string Error => In("err");

    public string Input => In("in");

    public string Events => In("evt");

    /// <summary>A pipe on which this process tells the supervisor that all output has been read.</summary>
    public string Acknowledgement => In("ack");

    /// <summary>The runtime writes the process id here once the container runs.</summary>
    public string ProcessId => In("pid");

    /// <summary>The supervisor's own process id.</summary>
    public string Supervisor => In("supervisor");

    /// <summary>The exit code, written when the container has ended.</summary>
    public string Exit => In("exit");

    /// <summary>The runtime's own log: why a container could not be started.</summary>
    public string RuntimeLog => In("log");

    private string Record => In("container.json");

    public void WriteRecord(StoredContainer record) => Disk.WriteQuickly(Record, record.ToJson().ToJsonString());

    public StoredContainer? ReadRecord()
    {
        try
        {
            return Disk.ReadTextIfPresent(Record) is { } text && JsonNode.Parse(text) is JsonObject json ? StoredContainer.FromJson(json) : null;
        }
        catch (System.Text.Json.JsonException)
        {
            // A machine that lost power while writing it: such a container is gone anyway.
            return null;
        }
    }

    /// <summary>The first whole number in a file of the folder; null where there is none yet.</summary>
    public static int? ReadNumber(string path) =>
        int.TryParse(Disk.ReadTextIfPresent(path)?.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>
    /// Whether the container's supervisor lives: a pipe can be opened for writing without waiting only if someone reads it, and the supervisor has its
    /// acknowledgement pipe open as long as it lives.
    /// </summary>
    public bool HasSupervisor
    {
        get
        {
            var descriptor = OpenAcknowledgement();
            _ = descriptor >= 0 ? Libc.Close(descriptor) : 0;
            return descriptor >= 0;
        }
    }

    /// <summary>Lets the supervisor go, which waits for someone to take the exit code.</summary>
    public unsafe void Acknowledge()
    {
        var descriptor = OpenAcknowledgement();
        if (descriptor >= 0)
        {
            var newline = (byte)'\n';
            _ = Libc.Write(descriptor, &newline, 1);
            _ = Libc.Close(descriptor);
        }
    }

    /// <summary>Deletes all but the root filesystem.</summary>
    public void Clear()
    {
        foreach (var file in (string[])[Config, Output, Error, Input, Events, Acknowledgement, ProcessId, Supervisor, Exit, RuntimeLog, Record])
        {
            Disk.DeleteFile(file);
        }
    }

    private int OpenAcknowledgement() => Libc.Open(Acknowledgement, Libc.WriteOnly | Libc.NonBlocking | Libc.CloseOnExec);

    private string In(string name) => System.IO.Path.Combine(Path, name);
}

/// <summary>A container as it is remembered on disk.</summary>
internal sealed record StoredContainer(string Id, string PodUid, string Name, int RestartCount, string LogPath, string BootId, DateTimeOffset StartedAt)
{
    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["podUid"] = PodUid,
        ["name"] = Name,
        ["restartCount"] = RestartCount,
        ["logPath"] = LogPath,
        ["bootId"] = BootId,
        ["startedAt"] = StartedAt.ToString("O", CultureInfo.InvariantCulture),
    };

    public static StoredContainer? FromJson(JsonObject json) =>
        json.Text("id") is { } id && json.Text("podUid") is { } pod && json.Text("name") is { } name && json.Text("logPath") is { } log
            && DateTimeOffset.TryParse(json.Text("startedAt"), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var started)
            ? new(id, pod, name, json["restartCount"].AsInt() ?? 0, log, json.Text("bootId") ?? "", started)
            : null;
}

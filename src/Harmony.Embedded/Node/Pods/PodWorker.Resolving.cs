using System.Text.Json.Nodes;
using Harmony.Embedded.Native;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Volumes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    private ContainerSpec Resolve(JsonObject own, JsonObject spec, ContainerState container, Image image, string id, int restarts)
    {
        var environment = new ContainerEnvironment(context.Cluster, context.Options, own, spec).Build();
        string Expand(string? text) => VariableExpansion.Expand(text ?? "", environment.GetValueOrDefault);
        var command = spec["command"].Items().Select(c => Expand(c.AsText())).ToList();
        var arguments = spec["args"].Items().Select(a => Expand(a.AsText())).ToList();
        List<string> all = command.Count > 0 ? [.. command, .. arguments]
            : [.. image.Config.Entrypoint, .. arguments.Count > 0 ? arguments : image.Config.Command];
        if (all.Count == 0 && runtime!.Handler.Length == 0)
        {
            throw new ContainerException(
                ContainerError.CreateContainerError, $"failed to generate container \"{id}\" spec: failed to generate spec: no command specified", "Set the container's command.");
        }

        return new()
        {
            Id = id,
            Name = container.Name,
            PodName = name,
            PodNamespace = ns,
            PodUid = uid,
            RestartCount = restarts,
            Image = image,
            Folder = context.ContainerFolder(id),
            Arguments = all,
            Environment = [.. image.Config.Environment, .. environment.Select(v => $"{v.Key}={v.Value}")],
            WorkingFolder = spec.Text("workingDir"),
            Mounts = MountsOf(own, spec, container, id, environment),
            Container = spec,
            PodSpec = (JsonObject)own["spec"]!,
            HostName = HostNameOf(own),
            PodAddress = address!,
            NetworkNamespace = networkNamespace,
            LogPath = LogPath(container, restarts),
        };
    }

    private List<ContainerMount> MountsOf(JsonObject own, JsonObject spec, ContainerState container, string id, IReadOnlyDictionary<string, string> environment)
    {
        var mounts = VolumeMounts.Of(own, spec, volumes, environment);
        if (runtime!.Handler.Length > 0)
        {
            return mounts;
        }

        var folder = context.PodFolder(uid);
        void AddFile(string path, string host)
        {
            if (mounts.TrueForAll(m => m.ContainerPath.TrimEnd('/') != path))
            {
                mounts.Add(new(host, path, ReadOnly: false));
            }
        }

        AddFile("/etc/hosts", Path.Combine(folder, "etc-hosts"));
        AddFile("/etc/hostname", Path.Combine(folder, "hostname"));
        AddFile("/etc/resolv.conf", Path.Combine(folder, "resolv.conf"));
        AddFile("/dev/shm", volumes.SharedMemory(own));
        if (spec.Text("terminationMessagePath") is { Length: > 0 } messagePath && messagePath.StartsWith('/'))
        {
            var file = TerminationFile(container, id);
            Disk.CreateFolder(Path.GetDirectoryName(file)!);
            Disk.WriteQuickly(file, "");
            _ = Libc.ChangeMode(file, 0x1B6);
            AddFile(messagePath, file);
        }

        return mounts;
    }
}

using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

public sealed partial class OciRuntime
{
    /// <summary>Takes over, once, what an earlier process of this data folder started.</summary>
    private async Task AdoptAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref adopted))
        {
            return;
        }

        await adopting.WaitAsync(cancellation);
        try
        {
            if (!adopted)
            {
                foreach (var path in Disk.FolderExists(containers) ? Disk.Folders(containers) : [])
                {
                    Adopt(new ContainerFolder(path));
                }

                Volatile.Write(ref adopted, true);
            }
        }
        finally
        {
            adopting.Release();
        }
    }

    private void Adopt(ContainerFolder folder)
    {
        if (folder.ReadRecord() is not { } record || known.ContainsKey(record.Id))
        {
            return;
        }

        var group = $"{host.PodCgroup(record.PodUid)}/{record.Id}";
        var process = new ContainerProcess(record, folder, poller, time) { WasOutOfMemory = () => Cgroups.WasOutOfMemory(group) };
        known[record.Id] = process;

        // Another boot: its processes are gone, whatever has their ids now. The same boot without a live supervisor: it ended, or was killed.
        if (record.BootId != bootId || !folder.HasSupervisor)
        {
            process.EndedBefore(ContainerFolder.ReadNumber(folder.Exit));
        }
        else
        {
            process.Watch(isNew: false);
        }
    }

    /// <summary>
    /// Ends and removes every container, mount and cgroup of a data folder, also those of a process that was killed. The network is not its concern.
    /// </summary>
    public static async Task CleanAsync(string dataFolder, TimeProvider time, CancellationToken cancellation)
    {
        var group = OciHost.Of(Instance.Of(dataFolder)).CgroupParent;
        var folder = ContainersFolder(dataFolder);
        for (var attempt = 0; attempt < 50; attempt++)
        {
            Cgroups.Kill(group);
            if (Cgroups.Remove(group))
            {
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellation);
        }

        foreach (var path in Disk.FolderExists(folder) ? Disk.Folders(folder).ToList() : [])
        {
            var container = new ContainerFolder(path);
            container.Acknowledge();
            for (var attempt = 0; attempt < 250 && container.HasSupervisor; attempt++)
            {
                // It still writes the exit code into the folder that is to go.
                await Task.Delay(TimeSpan.FromMilliseconds(4), time, cancellation);
            }
        }

        Mounts.UnmountBeneath(dataFolder);
        Disk.DeleteTree(folder);
        Disk.DeleteTree(Path.Combine(dataFolder, "oci"));
    }
}

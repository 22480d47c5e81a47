using System.Globalization;
using Harmony.Platform.Files;
using Harmony.Platform.Privileges;

namespace Harmony.Embedded.Node.Containers;

/// <summary>What of this machine shapes an OCI container's configuration.</summary>
/// <param name="CgroupParent">The cgroup that all containers of this instance live beneath, such as <c>/harmony-ab2c3d</c>.</param>
/// <param name="UnifiedCgroups">Whether cgroup v2 alone is mounted.</param>
/// <param name="OwnOomScore">No container gets a lower score than our own: that would need CAP_SYS_RESOURCE.</param>
/// <param name="Capabilities">Bit N set: capability N is ours to give.</param>
internal sealed record OciHost(string CgroupParent, bool UnifiedCgroups, int OwnOomScore, ulong Capabilities)
{
    public static OciHost Of(Instance instance) => new(
        instance.Cgroup,
        Disk.FileExists("/sys/fs/cgroup/cgroup.controllers"),
        int.TryParse(Disk.ReadTextIfPresent("/proc/self/oom_score_adj"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var score) ? score : 0,
        Privileges.Read().Capabilities);

    /// <summary>The cgroup of one pod.</summary>
    public string PodCgroup(string podUid) => $"{CgroupParent}/pod{podUid}";
}

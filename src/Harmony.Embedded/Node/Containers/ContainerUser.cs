using System.Globalization;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Who a container's process is, resolved from the pod, the image and the image's <c>/etc/passwd</c> and <c>/etc/group</c>.</summary>
internal sealed record ContainerUser(long User, long Group, IReadOnlyList<long> AdditionalGroups, string? Home)
{
    private const int LargestFile = 1024 * 1024;

    public bool IsRoot => User == 0;

    /// <exception cref="ContainerException">The user is not known in the image, or is root where the pod forbids it.</exception>
    public static ContainerUser Resolve(ContainerSpec spec, string rootfs)
    {
        var container = spec.Container["securityContext"];
        var pod = spec.PodSpec["securityContext"];
        var runAsUser = container.At("runAsUser").AsLong() ?? pod.At("runAsUser").AsLong();
        var runAsGroup = container.At("runAsGroup").AsLong() ?? pod.At("runAsGroup").AsLong();
        var image = spec.Image.Config.User;
        CheckNonRoot(spec, container.At("runAsNonRoot").AsBool() ?? pod.At("runAsNonRoot").AsBool() ?? false, runAsUser, image);

        var colon = image.IndexOf(':', StringComparison.Ordinal);
        var name = runAsUser?.ToString(CultureInfo.InvariantCulture) ?? (colon < 0 ? image : image[..colon]);
        var groupName = runAsUser is null && colon >= 0 ? image[(colon + 1)..] : null;

        var entry = Lines(rootfs, "/etc/passwd").FirstOrDefault(e => e.Length >= 6 && (e[0] == name || e[2] == name));
        long user, group;
        if (entry is not null && Number(entry[2]) is { } known)
        {
            (user, group) = (known, Number(entry[3]) ?? 0);
        }
        else if (name.Length == 0)
        {
            (user, group) = (0, 0);
        }
        else
        {
            user = Number(name) ?? throw new ContainerException(
                ContainerError.CreateContainerError, $"failed to generate container \"{spec.Id}\" spec: failed to generate spec: no users found for user \"{name}\"");
            group = 0;
        }

        var groups = Lines(rootfs, "/etc/group").ToList();
        if (runAsGroup is { } wanted)
        {
            group = wanted;
        }
        else if (groupName is { Length: > 0 })
        {
            group = Number(groups.FirstOrDefault(g => g.Length >= 3 && g[0] == groupName)?[2] ?? groupName)
                ?? throw new ContainerException(ContainerError.CreateContainerError, $"no groups found for group \"{groupName}\" of image user \"{image}\"");
        }

        var additional = new SortedSet<long>();
        if (pod.At("supplementalGroupsPolicy").AsText() != "Strict" && entry is not null)
        {
            additional.UnionWith(groups.Where(g => g.Length >= 4 && g[3].Split(',').Contains(entry[0], StringComparer.Ordinal)).Select(g => Number(g[2])).OfType<long>());
        }

        additional.UnionWith(pod.At("supplementalGroups").Items().Select(g => g.AsLong()).OfType<long>());
        if (pod.At("fsGroup").AsLong() is { } fsGroup)
        {
            additional.Add(fsGroup);
        }

        additional.Remove(group);
        return new(user, group, [.. additional], entry?[5]);
    }

    private static void CheckNonRoot(ContainerSpec spec, bool required, long? runAsUser, string image)
    {
        if (!required)
        {
            return;
        }

        var where = $"(pod: \"{spec.PodName}_{spec.PodNamespace}({spec.PodUid})\", container: {spec.Name})";
        var imageUser = image.Split(':')[0];
        var problem = runAsUser is { } user ? (user == 0 ? "container's runAsUser breaks non-root policy" : null)
            : imageUser is "" or "0" or "root" ? "container has runAsNonRoot and image will run as root"
            : Number(imageUser) is null ? $"container has runAsNonRoot and image has non-numeric user ({imageUser}), cannot verify user is non-root"
            : null;
        if (problem is not null)
        {
            throw new ContainerException(ContainerError.CreateContainerConfigError, $"{problem} {where}");
        }
    }

    private static IEnumerable<string[]> Lines(string rootfs, string path)
    {
        if (RootPath.Resolve(rootfs, path) is not { } file || !Disk.FileExists(file) || Disk.Size(file) > LargestFile)
        {
            return [];
        }

        return Disk.ReadText(file).Split('\n').Select(l => l.Trim().Split(':'));
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= uint.MaxValue ? number : null;
}

using Harmony.Platform.Files;

namespace Harmony.Kubernetes.Kubeconfigs;

/// <summary>A user's kubeconfig file, in which harmony keeps a context of its own.</summary>
public static class KubeconfigFile
{
    /// <summary>Puts the context into the file, which is made where there is none. Nothing is written where nothing changes.</summary>
    /// <exception cref="KubernetesException">The file cannot be read, written, or changed in place.</exception>
    public static void Merge(string path, string name, KubeconfigContext context, bool makeCurrent) =>
        Change(path, text => KubeconfigText.Merge(text, name, context, makeCurrent, path));

    /// <summary>Takes the context out of the file; nothing happens where it is not in it.</summary>
    /// <exception cref="KubernetesException">The file cannot be read, written, or changed in place.</exception>
    public static void Remove(string path, string name) => Change(path, text => KubeconfigText.Remove(text, name, path));

    private static void Change(string path, Func<string, string> change)
    {
        try
        {
            var text = Disk.ReadTextIfPresent(path) ?? "";
            var changed = change(text);
            if (changed != text)
            {
                // Through a link, as people keep such files in a repository of their own: the link stays.
                Disk.WriteAtomically(Disk.RealPath(path), changed);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesException(KubernetesError.Kubeconfig, $"Changing the kubeconfig {path}: {e.Message}", "See who owns the file, and whether the disk is full.", e);
        }
    }
}

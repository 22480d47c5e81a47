using System.Text;
using Harmony.Embedded.Network.Linux;
using Harmony.Platform.Files;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.Firewall;

/// <summary>
/// IPv4 forwarding, switched on for the bridge and the interface of the default route only, and off again when the last instance that needed it is
/// gone: a folder for each interface under <c>/run/harmony/forwarding</c> has a file for each of them. To be used under the range registry's lock.
/// </summary>
internal sealed class Forwarding(Instance instance, ILogger log)
{
    private const string Folder = $"{Instance.RunFolder}/forwarding";

    public void Enable(RouteTable routes)
    {
        try
        {
            Write(instance.Bridge, "1");
            var uplinks = routes.Routes().Where(r => r.Destination.PrefixLength == 0 && r.Table == RouteTable.MainTable).Select(r => r.Index).ToHashSet();
            foreach (var link in routes.Links().Where(l => uplinks.Contains(l.Index)))
            {
                var folder = Path.Combine(Folder, link.Name);
                var changedByUs = Disk.FolderExists(folder);
                if (changedByUs || !IsOn(link.Name))
                {
                    // Written down before it is changed: a kill in between leaves a note too many, never a change too many.
                    Disk.WriteAtomically(Path.Combine(folder, instance.Id), "");
                    Write(link.Name, "1");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("Pods have no way to the internet, for forwarding could not be switched on: {Reason}", e.Message);
        }
    }

    public void Restore()
    {
        if (!Disk.FolderExists(Folder))
        {
            return;
        }

        foreach (var folder in Disk.Folders(Folder).ToList())
        {
            Disk.DeleteFile(Path.Combine(folder, instance.Id));
            if (Disk.Files(folder).Any())
            {
                continue;
            }

            Disk.DeleteTree(folder);
            var link = Path.GetFileName(folder);
            try
            {
                if (Disk.FileExists(Switch(link)) && !Everywhere())
                {
                    Write(link, "0");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.LogWarning("Forwarding on {Interface} could not be switched off again: {Reason}", link, e.Message);
            }
        }
    }

    /// <summary>Somebody else has switched on forwarding for the whole machine since (Docker does): it is theirs now.</summary>
    private static bool Everywhere() => Disk.ReadText("/proc/sys/net/ipv4/ip_forward").Trim() == "1";

    private static bool IsOn(string link) => Disk.ReadText(Switch(link)).Trim() == "1";

    private static string Switch(string link) => $"/proc/sys/net/ipv4/conf/{link}/forwarding";

    private static void Write(string link, string value)
    {
        using var file = Disk.OpenWrite(Switch(link), FileMode.Open);
        file.Write(Encoding.ASCII.GetBytes(value));
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>
/// Unpacks one layer into the mounted stack of the layers below it, so that whiteouts, links of lower layers and replaced folders mean what the
/// image specification says. Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
/// </summary>
internal sealed class LayerUnpacker(RootFolder root)
{
    /// <summary>More members than any real layer has.</summary>
    public const int MostEntries = 2_000_000;

    private const string Whiteout = ".wh.";
    private const string OpaqueWhiteout = ".wh..wh..opq";
    private const string AufsPrefix = ".wh..wh.";
    private const int DeepestPath = 256;

    private readonly HashSet<string> _unpacked = new(StringComparer.Ordinal);
    private readonly List<(string Path, (long Seconds, long Nanoseconds) Modified)> _folders = [];

    /// <summary>Bytes of files that were written.</summary>
    public long Size { get; private set; }

    /// <exception cref="FormatException">The archive is malformed or hostile.</exception>
    /// <exception cref="IOException">The disk is full, or the machine refuses.</exception>
    public void Unpack(Stream archive, CancellationToken cancellation)
    {
        var reader = new TarReader(archive);
        var count = 0;
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (++count > MostEntries)
            {
                throw new FormatException($"the layer has more than {MostEntries} members");
            }

            try
            {
                Unpack(entry, reader);
            }
            catch (IOException e) when (e.HResult is not 28)
            {
                throw new IOException($"unpacking '{entry.Name}': {e.Message}", e);
            }
        }

        // Last, because each file that was made in a folder changed its time.
        foreach (var (path, modified) in Enumerable.Reverse(_folders))
        {
            if (root.Open(path.Split('/'), create: false) is { } folder)
            {
                Linux.ChangeTimes(folder, ".", [Time(modified), Time(modified)], 0);
                root.Close(folder);
            }
        }
    }

    private void Unpack(TarEntry entry, TarReader reader)
    {
        var components = Components(entry.Name);
        if (components.Length == 0)
        {
            if (entry.Type == '5')
            {
                SetAttributes(root.Handle, ".", entry);
            }

            return;
        }

        var name = components[^1];
        if (components.Any(c => c.StartsWith(AufsPrefix, StringComparison.Ordinal)) && !(name == OpaqueWhiteout && components.Length == components.TakeWhile(c => !c.StartsWith(AufsPrefix, StringComparison.Ordinal)).Count() + 1))
        {
            return;
        }

        var folder = root.Open(components[..^1], create: true)!;
        try
        {
            var path = string.Join('/', components);
            if (name == OpaqueWhiteout)
            {
                HideLower(folder, string.Join('/', components[..^1]));
            }
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal))
            {
                Hide(folder, name[Whiteout.Length..]);
            }
            else
            {
                Make(folder, name, path, entry, reader);
                _unpacked.Add(path);
            }
        }
        finally
        {
            root.Close(folder);
        }
    }

    private static string[] Components(string name)
    {
        var components = name.Split('/').Where(c => c is not ("" or ".")).ToArray();
        if (components.Length > DeepestPath || components.Any(c => c == ".." || c.Contains('\0', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(c) > 255))
        {
            throw new FormatException($"the layer holds the path \"{(name.Length > 200 ? name[..200] + "…" : name)}\", which leads out of it or is too long");
        }

        return components;
    }

    private static void Hide(SafeFileHandle folder, string name)
    {
        if (name is "" or "." or "..")
        {
            throw new FormatException("the layer holds a whiteout of nothing");
        }

        RootFolder.Remove(folder, name);
    }

    /// <summary>Removes what lower layers put into the folder; what this one did stays.</summary>
    private void HideLower(SafeFileHandle folder, string path)
    {
        foreach (var name in RootFolder.Names(folder))
        {
            var child = path.Length == 0 ? name : $"{path}/{name}";
            if (!_unpacked.Contains(child))
            {
                RootFolder.Remove(folder, name);
            }
            else if (Linux.OpenFolder(folder, name) is { } inner)
            {
                using (inner)
                {
                    HideLower(inner, child);
                }
            }
        }
    }

    private void Make(SafeFileHandle folder, string name, string path, TarEntry entry, TarReader reader)
    {
        var present = Linux.Stat(folder, name);
        var isFolder = present is { } stat && (stat.Mode & Linux.TypeMask) == Linux.FolderType;
        if (present is not null && !(isFolder && entry.Type == '5'))
        {
            RootFolder.Remove(folder, name);
        }

        switch (entry.Type)
        {
            case '0':
                Write(folder, name, reader);
                break;
            case '1':
                MakeHardLink(folder, name, entry);
                return;
            case '2':
                if (entry.Target.Length is 0 or > 4095)
                {
                    throw new FormatException($"the link '{entry.Name}' leads nowhere");
                }

                Linux.Check(Linux.MakeLink(entry.Target, folder, name), "making a link");
                break;
            case '3' or '4' or '6':
                MakeNode(folder, name, entry);
                break;
            case '5':
                if (!isFolder)
                {
                    Linux.Check(Linux.MakeFolder(folder, name, 0x1c0), "making a folder");
                }

                _folders.Add((path, entry.Modified));
                break;
            default:
                throw new FormatException($"the layer holds '{entry.Name}' of the unknown type '{entry.Type}'");
        }

        SetAttributes(folder, name, entry);
    }

    private void Write(SafeFileHandle folder, string name, TarReader reader)
    {
        using var handle = Linux.OpenAt(folder, name, Linux.WriteOnly | Linux.Create | Linux.Exclusive | Linux.NoFollow | Linux.CloseOnExec, 0x180);
        if (handle.IsInvalid)
        {
            throw Linux.Error("making a file");
        }

        Span<byte> buffer = stackalloc byte[64 * 1024];
        var offset = 0L;
        int read;
        while ((read = reader.Read(buffer)) > 0)
        {
            RandomAccess.Write(handle, buffer[..read], offset);
            offset += read;
        }

        Size += offset;
    }

    private void MakeHardLink(SafeFileHandle folder, string name, TarEntry entry)
    {
        var target = Components(entry.Target);
        if (target.Length == 0 || root.Open(target[..^1], create: false) is not { } from)
        {
            throw new FormatException($"the link '{entry.Name}' leads to '{entry.Target}', which is not in the image");
        }

        try
        {
            // Without AT_SYMLINK_FOLLOW a link as target is linked itself.
            if (Linux.MakeHardLink(from, target[^1], folder, name, 0) != 0)
            {
                throw Marshal.GetLastPInvokeError() == Linux.NotFound
                    ? new FormatException($"the link '{entry.Name}' leads to '{entry.Target}', which is not in the image")
                    : Linux.Error("making a hard link");
            }
        }
        finally
        {
            root.Close(from);
        }
    }

    private static void MakeNode(SafeFileHandle folder, string name, TarEntry entry)
    {
        if (entry.Type == '3' && entry.Device is (0, 0))
        {
            throw new FormatException($"the layer holds the device '{entry.Name}' 0:0, which overlayfs takes for a deletion");
        }

        var type = entry.Type switch { '3' => Linux.CharacterType, '4' => Linux.BlockType, _ => Linux.PipeType };
        Linux.Check(Linux.MakeNode(folder, name, type | 0x180, entry.Type == '6' ? 0 : Linux.Device(entry.Device.Major, entry.Device.Minor)), "making a device or pipe");
    }

    private static void SetAttributes(SafeFileHandle folder, string name, TarEntry entry)
    {
        // The owner first: changing it takes set-id bits and capabilities away.
        if (entry.User is < 0 or > uint.MaxValue - 1L || entry.Group is < 0 or > uint.MaxValue - 1L)
        {
            throw new FormatException($"'{entry.Name}' has no valid owner");
        }

        Linux.Check(Linux.ChangeOwner(folder, name, (uint)entry.User, (uint)entry.Group, Linux.SymlinkNoFollow), "setting the owner");
        if (entry.Type != '2')
        {
            Linux.Check(Linux.ChangeMode(folder, name, (uint)entry.Mode, 0), "setting the mode");
        }

        foreach (var (attribute, value) in entry.Attributes)
        {
            // Those of overlayfs would forge deletions and redirects; the others of "trusted" and "system" are the host's business.
            if (attribute.StartsWith("security.capability", StringComparison.Ordinal) || attribute.StartsWith("user.", StringComparison.Ordinal))
            {
                if (entry.Type != '2' || attribute.StartsWith("security.", StringComparison.Ordinal))
                {
                    SetAttribute(folder, name, attribute, value);
                }
            }
        }

        Linux.Check(Linux.ChangeTimes(folder, name, [Time(entry.Modified), Time(entry.Modified)], Linux.SymlinkNoFollow), "setting the time");
    }

    private static void SetAttribute(SafeFileHandle folder, string name, string attribute, byte[] value)
    {
        const int notSupported = 95;
        if (Linux.SetAttribute($"{RootFolder.PathOf(folder)}/{name}", attribute, value, value.Length, 0) != 0
            && !(Marshal.GetLastPInvokeError() == notSupported && attribute.StartsWith("user.", StringComparison.Ordinal)))
        {
            throw Linux.Error($"setting the attribute {attribute}");
        }
    }

    private static Linux.TimeSpec Time((long Seconds, long Nanoseconds) time) => new((nint)time.Seconds, (nint)time.Nanoseconds);
}

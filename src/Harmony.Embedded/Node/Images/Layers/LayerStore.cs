using System.Collections.Concurrent;
using System.Globalization;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>
/// Unpacked layers, <c>layers/&lt;chain id&gt;</c>, each ready to be a lower layer of an overlay. A layer counts when <c>&lt;chain id&gt;.size</c> is
/// beside it: that is written when the layer is whole and on the disk. One under way lies in <c>layers/.new-…</c>.
/// </summary>
internal sealed class LayerStore(string folder)
{
    /// <summary>No layer is larger when unpacked: bytes.</summary>
    public const long Largest = 64L << 30;

    private const string Scratch = ".new-";

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    // Unpacked, but perhaps not on the disk yet; with their sizes.
    private readonly ConcurrentDictionary<string, long> _fresh = new(StringComparer.Ordinal);

    public string PathOf(string chainId) => Path.Combine(folder, chainId["sha256:".Length..]);

    public bool Has(string chainId) => Disk.FileExists(MarkOf(chainId)) && Disk.FolderExists(PathOf(chainId));

    public IEnumerable<string> All() =>
        Disk.FolderExists(folder) ? Disk.Folders(folder).Select(p => Path.GetFileName(p)).Where(n => n.Length == 64).Select(n => "sha256:" + n) : [];

    /// <summary>The size of what was unpacked: bytes of files.</summary>
    public long SizeOf(string chainId) =>
        Disk.ReadTextIfPresent(MarkOf(chainId)) is { } text && long.TryParse(text, out var size) ? size : 0;

    public void Delete(string chainId)
    {
        // The mark first: a kill while it is deleted must not leave half a layer that counts.
        Disk.DeleteFile(MarkOf(chainId));
        Disk.DeleteTree(PathOf(chainId));
    }

    /// <summary>Removes what a killed process left half done.</summary>
    public void Clean()
    {
        foreach (var half in Disk.FolderExists(folder) ? Disk.Folders(folder).Where(f => Path.GetFileName(f).StartsWith(Scratch, StringComparison.Ordinal)).ToList() : [])
        {
            Overlay.Unmount(Path.Combine(half, "merged"));
            Disk.DeleteTree(half);
        }
    }

    /// <summary>Unpacks a layer onto those below it, unless it is here.</summary>
    /// <param name="parents">The chain ids of the layers below, lowest first; all are here.</param>
    /// <param name="diffId">What the uncompressed archive must hash to.</param>
    public async Task UnpackAsync(string chainId, IReadOnlyList<string> parents, string diffId, string blob, CancellationToken cancellation)
    {
        var gate = _locks.GetOrAdd(chainId, _ => new(1));
        await gate.WaitAsync(cancellation);
        try
        {
            if (!Has(chainId) && !_fresh.ContainsKey(chainId))
            {
                // What lies there was not on the disk yet when the machine or the process ended.
                Disk.DeleteTree(PathOf(chainId));
                _fresh[chainId] = await Task.Run(() => Unpack(chainId, parents, diffId, blob, cancellation), cancellation);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Returns when these layers are on the disk, and from now on they count. One flush for all: a flush of each takes longer than unpacking it.</summary>
    public void Commit(IReadOnlyList<string> chainIds)
    {
        var fresh = chainIds.Where(c => !Has(c)).ToList();
        if (fresh.Count == 0)
        {
            return;
        }

        using (var handle = Linux.OpenRoot(folder))
        {
            Linux.Check(Linux.SyncFileSystem(handle), "writing the layers to the disk");
        }

        foreach (var chainId in fresh)
        {
            if (_fresh.TryGetValue(chainId, out var size))
            {
                Disk.WriteAtomically(MarkOf(chainId), size.ToString(CultureInfo.InvariantCulture));
                _fresh.TryRemove(chainId, out _);
            }
        }
    }

    private string MarkOf(string chainId) => PathOf(chainId) + ".size";

    private long Unpack(string chainId, IReadOnlyList<string> parents, string diffId, string blob, CancellationToken cancellation)
    {
        var scratch = Path.Combine(folder, Scratch + Guid.NewGuid().ToString("N"));
        var layer = Path.Combine(scratch, "fs");
        Disk.CreateFolder(scratch);
        Disk.CreateFolder(layer);
        Disk.SetMode(layer, Disk.Executable);
        try
        {
            var size = parents.Count == 0 ? Fill(layer, diffId, blob, cancellation) : FillOnto(parents, scratch, layer, diffId, blob, cancellation);
            Overlay.Unmount(Path.Combine(scratch, "merged"));
            Disk.MoveFolder(layer, PathOf(chainId));
            return size;
        }
        finally
        {
            Overlay.Unmount(Path.Combine(scratch, "merged"));
            Disk.DeleteTree(scratch);
        }
    }

    private long FillOnto(IReadOnlyList<string> parents, string scratch, string layer, string diffId, string blob, CancellationToken cancellation)
    {
        var (work, merged) = (Path.Combine(scratch, "work"), Path.Combine(scratch, "merged"));
        Disk.CreateFolder(work);
        Disk.CreateFolder(merged);

        // The root folder itself is the layer's own, or that of the layer below.
        CopyRoot(PathOf(parents[^1]), layer);
        Overlay.Mount([.. parents.Reverse().Select(PathOf)], layer, work, merged, scratch);
        return Fill(merged, diffId, blob, cancellation);
    }

    private static long Fill(string target, string diffId, string blob, CancellationToken cancellation)
    {
        using var root = new RootFolder(target);
        using var archive = LayerStream.Open(Disk.OpenRead(blob), Largest);
        var unpacker = new LayerUnpacker(root);
        unpacker.Unpack(archive, cancellation);
        return archive.Finish() is var found && found == diffId
            ? unpacker.Size
            : throw new FormatException($"wrong diff id calculated on extraction \"{found}\", expected \"{diffId}\"");
    }

    /// <summary>Gives one folder the owner and mode of another.</summary>
    public static void CopyRoot(string from, string to)
    {
        using var source = Linux.OpenRoot(from);
        using var target = Linux.OpenRoot(to);
        var (mode, user, group) = Linux.Stat(source, ".") ?? throw new IOException($"'{from}' is gone");
        Linux.Check(Linux.ChangeOwner(target, ".", user, group, 0), "setting the owner");
        Linux.Check(Linux.ChangeMode(target, ".", mode & 0xfff, 0), "setting the mode");
    }
}

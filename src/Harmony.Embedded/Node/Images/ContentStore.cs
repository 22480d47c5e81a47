using System.Collections.Concurrent;
using System.Security.Cryptography;
using Harmony.Embedded.Node.Images.Registry;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images;

/// <summary>Blobs by their digest: <c>blobs/sha256/…</c>. A blob that is there is whole and was checked; what is under way lies in <c>ingest/</c>.</summary>
internal sealed class ContentStore
{
    private const int Tries = 6;
    private const int BufferSize = 128 * 1024;

    private readonly string _blobs;
    private readonly string _ingest;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    public ContentStore(string folder)
    {
        _blobs = Path.Combine(folder, "blobs", "sha256");
        _ingest = Path.Combine(folder, "ingest");
        Disk.CreateFolder(_blobs);
        Disk.CreateFolder(_ingest);
    }

    public string PathOf(string digest) => Path.Combine(_blobs, digest["sha256:".Length..]);

    public bool Has(string digest) => Disk.FileExists(PathOf(digest));

    public byte[] Read(string digest, int bound) =>
        Disk.Size(PathOf(digest)) <= bound ? Disk.ReadBytes(PathOf(digest)) : throw new FormatException($"{digest} is larger than {bound} bytes");

    public IEnumerable<string> All() => Disk.Files(_blobs).Select(p => "sha256:" + Path.GetFileName(p));

    public void Delete(string digest) => Disk.DeleteFile(PathOf(digest));

    public static string DigestOf(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Keeps a small document and returns its digest.</summary>
    public string Add(byte[] content)
    {
        var digest = DigestOf(content);
        if (!Has(digest))
        {
            Disk.WriteAtomically(PathOf(digest), content);
        }

        return digest;
    }

    /// <summary>Takes a blob from a stream.</summary>
    /// <param name="digest">What it must be; null where it only is to be known.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    public async Task<string> AddAsync(Stream content, string? digest, CancellationToken cancellation)
    {
        var scratch = Path.Combine(_ingest, Guid.NewGuid().ToString("N"));
        try
        {
            string found;
            using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                await CopyAsync(content, scratch, FileMode.CreateNew, hash, Descriptor.LargestBlob, cancellation);
                found = "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());
            }

            if (digest is not null && found != digest)
            {
                throw new FormatException($"the content of {digest} has the checksum {found}");
            }

            Disk.Move(scratch, PathOf(found), overwrite: true);
            return found;
        }
        finally
        {
            Disk.DeleteFile(scratch);
        }
    }

    /// <summary>Fetches a blob unless it is here. Two that want the same wait for one; what a broken download brought is not fetched again.</summary>
    public async Task FetchAsync(Descriptor descriptor, RegistrySession session, RegistryClient client, CancellationToken cancellation)
    {
        var gate = _locks.GetOrAdd(descriptor.Digest, _ => new(1));
        await gate.WaitAsync(cancellation);
        try
        {
            if (!Has(descriptor.Digest))
            {
                await DownloadAsync(descriptor, session, client, cancellation);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Deletes what was under way when the process died long ago; a download of today may still be gone on with.</summary>
    public void Clean()
    {
        foreach (var scratch in Disk.Files(_ingest).Where(f => !f.EndsWith(".part", StringComparison.Ordinal)).ToList())
        {
            Disk.DeleteFile(scratch);
        }
    }

    private async Task DownloadAsync(Descriptor descriptor, RegistrySession session, RegistryClient client, CancellationToken cancellation)
    {
        var part = Path.Combine(_ingest, descriptor.Hash + ".part");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await AppendAsync(descriptor, part, session, cancellation);
                break;
            }
            catch (RegistryException e) when (e.IsTransient && attempt < Tries)
            {
                await client.PauseAsync(attempt, cancellation);
            }
            catch (Exception e) when (e is HttpRequestException || (e is IOException && e is not FileNotFoundException && !IsDiskFull(e)))
            {
                if (attempt >= Tries)
                {
                    throw new RegistryException($"failed to copy: httpReadSeeker: {descriptor.Digest}: {e.Message}", e);
                }

                await client.PauseAsync(attempt, cancellation);
            }
        }

        Disk.Move(part, PathOf(descriptor.Digest), overwrite: true);
    }

    /// <summary>Goes on where the file ends, and checks the whole of it at the end.</summary>
    private static async Task AppendAsync(Descriptor descriptor, string part, RegistrySession session, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var have = Disk.FileExists(part) ? Disk.Size(part) : 0;
        if (have > descriptor.Size)
        {
            Disk.DeleteFile(part);
            have = 0;
        }

        if (have < descriptor.Size || descriptor.Size == 0)
        {
            var (content, begins) = await session.OpenBlobAsync(descriptor.Digest, have, cancellation);
            await using (content)
            {
                if (begins != have)
                {
                    if (begins != 0)
                    {
                        throw new RegistryException($"failed to copy: httpReadSeeker: {descriptor.Digest}: the registry answered with another range than was asked for");
                    }

                    Disk.DeleteFile(part);
                    have = 0;
                }

                await HashAsync(part, have, hash, cancellation);
                await CopyAsync(content, part, FileMode.Append, hash, descriptor.Size - have, cancellation);
            }
        }
        else
        {
            await HashAsync(part, have, hash, cancellation);
        }

        var size = Disk.Size(part);
        if (size < descriptor.Size)
        {
            throw new IOException($"unexpected EOF after {size} of {descriptor.Size} bytes");
        }

        if ("sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash()) is var found && found != descriptor.Digest)
        {
            Disk.DeleteFile(part);
            throw new RegistryException($"failed to copy: unexpected commit digest {found}, expected {descriptor.Digest}: failed precondition");
        }
    }

    private static async Task HashAsync(string path, long length, IncrementalHash hash, CancellationToken cancellation)
    {
        if (length == 0)
        {
            return;
        }

        await using (var stream = Disk.OpenRead(path))
        {
            var buffer = new byte[BufferSize];
            while (await stream.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
    }

    private static async Task CopyAsync(Stream content, string path, FileMode mode, IncrementalHash hash, long bound, CancellationToken cancellation)
    {
        await using (var file = Disk.OpenWrite(path, mode))
        {
            var buffer = new byte[BufferSize];
            var copied = 0L;
            while (await content.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                copied += read;
                if (copied > bound)
                {
                    throw new RegistryException($"failed to copy: the registry sends more than the {bound} bytes that the manifest says");
                }

                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            Disk.FlushToDisk(file);
        }
    }

    private static bool IsDiskFull(Exception e) => e.HResult is 28 or unchecked((int)0x80070070);
}

using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Harmony.Platform.Files;

namespace Harmony.Platform.Downloads;

/// <summary>
/// What has come of a file so far, beside its destination: the bytes in <c>.partial</c>, and in <c>.partial.tag</c> the address and the
/// validator that tells whether the server still has the same content. It survives a kill; it is never executable.
/// </summary>
internal sealed class PartialFile(Download download)
{
    private readonly string tag = download.Destination + ".partial.tag";

    public string Path { get; } = download.Destination + ".partial";

    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>Asks for the rest only, and only if the content is still the same; for all where nothing useful is here.</summary>
    public bool AskForRest(HttpRequestMessage request)
    {
        if (Length == 0 || Disk.ReadTextIfPresent(tag)?.Split('\n') is not [var address, var validator] || address != request.RequestUri!.AbsoluteUri)
        {
            return false;
        }

        if (EntityTagHeaderValue.TryParse(validator, out var entity))
        {
            request.Headers.IfRange = new(entity);
        }
        else if (DateTimeOffset.TryParse(validator, CultureInfo.InvariantCulture, out var date))
        {
            request.Headers.IfRange = new(date);
        }
        else
        {
            return false;
        }

        request.Headers.Range = new(Length, null);
        return true;
    }

    /// <summary>Opens for what comes: at the end, or from the start.</summary>
    public FileStream Open(bool append, Uri address, HttpResponseMessage response)
    {
        Disk.CreateFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        if (!append)
        {
            Delete();
            // A weak tag promises the same meaning, not the same bytes.
            var validator = response.Headers.ETag is { IsWeak: false } strong ? strong.ToString() : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);
            if (validator is not null)
            {
                Disk.WriteAtomically(tag, $"{address.AbsoluteUri}\n{validator}");
            }
        }

        var options = new FileStreamOptions { Mode = append ? FileMode.Append : FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Disk.Private;
        }

        return new FileStream(Path, options);
    }

    public async Task<string> HashAsync(CancellationToken cancellation)
    {
        await using var stream = Disk.OpenRead(Path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    /// <summary>Puts the verified file in its place.</summary>
    public void Finish()
    {
        using (var stream = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Flush(flushToDisk: true);
        }

        Disk.SetMode(Path, download.Executable ? Disk.Executable : Disk.Shared);
        Disk.Move(Path, download.Destination, overwrite: true);
        Disk.DeleteFile(tag);
    }

    public void Delete()
    {
        Disk.DeleteFile(Path);
        Disk.DeleteFile(tag);
    }
}

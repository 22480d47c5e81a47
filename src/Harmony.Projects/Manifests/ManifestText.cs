using System.Text;
using System.Text.RegularExpressions;
using Harmony.Platform.Files;

namespace Harmony.Projects.Manifests;

/// <summary>The text of a manifest file, read within bounds.</summary>
/// <param name="File">As it is shown.</param>
internal sealed partial record ManifestText(string File, string Text)
{
    private const int SniffedBytes = 64 * 1024;

    /// <summary>Whether the text is meant as a Kubernetes object, even if it cannot be parsed.</summary>
    public bool LooksLikeKubernetes => ApiVersionKey().IsMatch(Text) && KindKey().IsMatch(Text);

    /// <exception cref="ProjectException">The file is too large, no text, or cannot be read.</exception>
    public static ManifestText Read(string path, string shown, int maxBytes)
    {
        byte[] bytes;
        try
        {
            if (!Disk.IsOrdinaryFile(path))
            {
                throw ProjectException.At(ProjectError.Invalid, new(shown, 0), "this is a pipe, a socket or a device, not a file");
            }

            // Nobody wrote a manifest of this size; what is in it need not be read to say so.
            bytes = Disk.Size(path) > maxBytes ? throw TooLarge(path, shown, maxBytes) : Disk.ReadBytes(path, maxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProjectException.At(ProjectError.Invalid, new(shown, 0), "the file cannot be read", "Check its permissions.", e);
        }

        return bytes.Length > maxBytes ? throw TooLarge(path, shown, maxBytes) : new(shown, Decode(bytes, shown));
    }

    private static ProjectException TooLarge(string path, string shown, int maxBytes)
    {
        var start = Encoding.UTF8.GetString(Disk.ReadBytes(path, SniffedBytes));
        var bound = $"the file has {Disk.Size(path) / 1_000_000} MB; manifests may have {maxBytes / 1_000_000} MB";
        var kubernetes = Path.GetExtension(path) is not ".json" || start.Contains("apiVersion", StringComparison.Ordinal);
        return ProjectException.At(kubernetes ? ProjectError.TooLarge : ProjectError.NothingToRun, new(shown, 0), bound, "Split the file, or keep data in files that are no YAML and no JSON.");
    }

    private static string Decode(byte[] bytes, string shown)
    {
        try
        {
            return bytes switch
            {
                [0xFF, 0xFE, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true).GetString(bytes, 2, bytes.Length - 2),
                [0xFE, 0xFF, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true).GetString(bytes, 2, bytes.Length - 2),
                _ => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes),
            };
        }
        catch (DecoderFallbackException e)
        {
            var line = 1 + bytes.AsSpan(0, Math.Clamp(e.Index, 0, bytes.Length)).Count((byte)'\n');
            throw ProjectException.At(ProjectError.Malformed, new(shown, line), "the file is not UTF-8 text", "Save it with the encoding UTF-8.", e);
        }
    }

    [GeneratedRegex("""^[\s{,-]*["']?apiVersion["']?\s*:""", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ApiVersionKey();

    [GeneratedRegex("""^[\s{,-]*["']?kind["']?\s*:""", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex KindKey();
}

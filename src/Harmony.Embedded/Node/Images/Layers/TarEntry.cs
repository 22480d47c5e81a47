namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>One member of a tar archive.</summary>
/// <param name="Type">The type flag: <c>'0'</c> file, <c>'1'</c> hard link, <c>'2'</c> symbolic link, <c>'3'</c> and <c>'4'</c> devices, <c>'5'</c> folder, <c>'6'</c> pipe.</param>
/// <param name="Size">Bytes of content that follow.</param>
internal sealed record TarEntry(char Type, string Name, long Size)
{
    /// <summary>Of a link.</summary>
    public string Target { get; init; } = "";

    /// <summary>Permissions with set-id and sticky bits.</summary>
    public int Mode { get; init; }

    public long User { get; init; }

    public long Group { get; init; }

    /// <summary>Seconds since 1970, and nanoseconds.</summary>
    public (long Seconds, long Nanoseconds) Modified { get; init; }

    public (uint Major, uint Minor) Device { get; init; }

    /// <summary>Extended attributes, byte for byte: .NET's own reader takes them for text and spoils capabilities.</summary>
    public IReadOnlyList<(string Name, byte[] Value)> Attributes { get; init; } = [];
}

using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>
/// The schemas of Kubernetes' own kinds. The catalogue is made when harmony is built (eng/Harmony.SchemaBuilder); each type in it is read when it is
/// first asked for.
/// </summary>
public static class SchemaCatalog
{
    private static readonly Lazy<Contents> Catalog = new(Contents.Load);
    private static readonly ConcurrentDictionary<string, Schema> Types = new(StringComparer.Ordinal);
    private static readonly SchemaReader Reader = new(custom: false, Type);

    /// <summary>metav1.ObjectMeta, which every object has.</summary>
    public static Schema ObjectMeta => Type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");

    /// <summary>The schema of the kind; null where Kubernetes has no such kind.</summary>
    public static Schema? Find(GroupVersionKind kind) => Catalog.Value.Kinds.TryGetValue(kind, out var type) ? Type(type) : null;

    /// <summary>The name of the kind's type in OpenAPI; null where Kubernetes has no such kind.</summary>
    internal static string? TypeNameOf(GroupVersionKind kind) => Catalog.Value.Kinds.GetValueOrDefault(kind);

    /// <summary>The kind whose type this is; null where it is a part of others only.</summary>
    internal static GroupVersionKind? KindOf(string typeName) => Catalog.Value.KindsByType.TryGetValue(typeName, out var kind) ? kind : null;

    /// <summary>The schema of a type by its name in OpenAPI.</summary>
    internal static Schema Type(string name) => Types.GetOrAdd(name, static n =>
    {
        using var document = JsonDocument.Parse(Text(n));
        return Reader.Read(document.RootElement, n);
    });

    /// <summary>The type as the catalogue holds it: OpenAPI without descriptions, references being bare names.</summary>
    internal static ReadOnlyMemory<byte> Text(string typeName)
    {
        var catalog = Catalog.Value;
        return catalog.Types.TryGetValue(typeName, out var range) ? catalog.Bytes.AsMemory(range.Start, range.Length) : "{}"u8.ToArray();
    }

    /// <summary>The descriptions of all types and fields, by <c>type</c> and <c>type#field</c>. They are large: nothing keeps them.</summary>
    internal static Dictionary<string, string> ReadDescriptions()
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        using var stream = new BrotliStream(Resource("descriptions"), CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            var text = line[(tab + 1)..];
            result[line[..tab]] = text.Contains('\\', StringComparison.Ordinal)
                ? text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
                : text;
        }

        return result;
    }

    private static Stream Resource(string name) =>
        typeof(SchemaCatalog).Assembly.GetManifestResourceStream("Harmony.Embedded.Schemas." + name)
        ?? throw new InvalidOperationException($"The program was built without its catalogue of Kubernetes types ({name}).");

    private sealed record Contents(
        byte[] Bytes, FrozenDictionary<GroupVersionKind, string> Kinds, Dictionary<string, (int Start, int Length)> Types)
    {
        public FrozenDictionary<string, GroupVersionKind> KindsByType { get; } = Kinds.ToFrozenDictionary(k => k.Value, k => k.Key, StringComparer.Ordinal);

        public static Contents Load()
        {
            using var stream = Resource("catalog");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var kinds = new Dictionary<GroupVersionKind, string>();
            var types = new Dictionary<string, (int, int)>(StringComparer.Ordinal);
            for (var start = 0; start < bytes.Length;)
            {
                var line = bytes.AsSpan(start);
                line = line[..line.IndexOf((byte)'\n')];
                if (line[0] == '@')
                {
                    var parts = Encoding.UTF8.GetString(line[1..]).Split('\t');
                    kinds[new(parts[0], parts[1], parts[2])] = parts[3];
                }
                else
                {
                    var tab = line.IndexOf((byte)'\t');
                    types[Encoding.UTF8.GetString(line[..tab])] = (start + tab + 1, line.Length - tab - 1);
                }

                start += line.Length + 1;
            }

            return new(bytes, kinds.ToFrozenDictionary(), types);
        }
    }
}

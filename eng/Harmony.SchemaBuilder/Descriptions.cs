using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;

namespace Harmony.SchemaBuilder;

/// <summary>
/// Writes the descriptions from the models' documentation, compressed with Brotli: a line for each type and field that has one
/// (<c>type [# field] TAB text</c>, with line ends escaped).
/// </summary>
internal static partial class Descriptions
{
    public static byte[] Write(string documentationPath, TypeNames names)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (type, name) in names.All)
        {
            wanted["T:" + type.FullName] = name;
            foreach (var (field, property) in TypeNames.Fields(type))
            {
                wanted[$"P:{type.FullName}.{property.Name}"] = $"{name}#{field}";
            }
        }

        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var reader = XmlReader.Create(documentationPath, new() { IgnoreComments = true });
        while (reader.ReadToFollowing("member"))
        {
            if (reader.GetAttribute("name") is { } member && wanted.TryGetValue(member, out var name) && reader.ReadToDescendant("summary"))
            {
                lines[name] = Unwrap(reader.ReadInnerXml());
            }
        }

        using var output = new MemoryStream();
        using (var brotli = new BrotliStream(output, new BrotliCompressionOptions { Quality = 9 }, leaveOpen: true))
        {
            foreach (var (name, text) in lines)
            {
                brotli.Write(Encoding.UTF8.GetBytes($"{name}\t{text}\n"));
            }
        }

        return output.ToArray();
    }

    /// <summary>Undoes the wrapping of the generated comments: single line ends were spaces, empty lines part paragraphs.</summary>
    private static string Unwrap(string xml)
    {
        var text = System.Net.WebUtility.HtmlDecode(xml).Replace("\r", "", StringComparison.Ordinal);
        var paragraphs = text.Split('\n').Select(l => l.Trim()).Aggregate(new StringBuilder(), (b, l) => b.Append(l.Length == 0 ? "\n\n" : l + " "));
        return Blank().Replace(paragraphs.ToString().Trim(), "\n\n").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace('\t', ' ');
    }

    [GeneratedRegex(" *\n\n+ *")]
    private static partial Regex Blank();
}

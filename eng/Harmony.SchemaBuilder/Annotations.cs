using System.Text.Json.Nodes;

namespace Harmony.SchemaBuilder;

/// <summary>What annotations.json says of a type: facts about itself, and about its fields.</summary>
internal sealed record TypeAnnotation(bool Atomic, IReadOnlyDictionary<string, string[]> Fields);

/// <summary>The hand-written facts, with a record of which were used.</summary>
internal sealed class Annotations
{
    private static readonly TypeAnnotation None = new(false, new Dictionary<string, string[]>());
    private readonly Dictionary<string, TypeAnnotation> types = [];
    private readonly HashSet<string> used = [];

    public static Annotations Read(string text)
    {
        var result = new Annotations();
        foreach (var (type, value) in JsonNode.Parse(text)!.AsObject())
        {
            if (type == "README")
            {
                continue;
            }

            var atomic = false;
            var fields = new Dictionary<string, string[]>();
            foreach (var word in value!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var colon = word.IndexOf(':', StringComparison.Ordinal);
                if (word == "atomic")
                {
                    atomic = true;
                }
                else if (colon <= 0)
                {
                    throw new FormatException($"{type}: '{word}' is neither 'atomic' nor field:facts");
                }
                else
                {
                    fields.Add(word[..colon], word[(colon + 1)..].Split(','));
                }
            }

            result.types.Add(type, new(atomic, fields));
        }

        return result;
    }

    /// <summary>The facts of a type by its short name, such as <c>core.v1.Pod</c>, checked against the fields that it has.</summary>
    public TypeAnnotation Of(string shortName, IReadOnlyCollection<string> fields)
    {
        if (!types.TryGetValue(shortName, out var annotation))
        {
            return None;
        }

        used.Add(shortName);
        foreach (var field in annotation.Fields.Keys.Where(f => !fields.Contains(f)))
        {
            throw new FormatException($"{shortName} has no field '{field}'");
        }

        return annotation;
    }

    public IEnumerable<string> Unused() => types.Keys.Where(t => !used.Contains(t));
}

using System.Text.RegularExpressions;

namespace Harmony.Kubernetes.Objects;

/// <summary>What label keys and values may be. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.</summary>
public static partial class LabelSyntax
{
    private const string NameWords =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string ValueWords =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string SubdomainWords =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    /// <summary>What is wrong with a qualified name (<c>prefix/name</c>), in the API server's words; null where nothing is.</summary>
    public static string? CheckName(string key)
    {
        var errors = new List<string>();
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            return "a qualified name " + NameWords + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                errors.Add("prefix part must be non-empty");
            }
            else
            {
                if (parts[0].Length > 253)
                {
                    errors.Add("prefix part must be no more than 253 bytes");
                }

                if (!Subdomain().IsMatch(parts[0]))
                {
                    errors.Add("prefix part " + SubdomainWords);
                }
            }
        }

        var name = parts[^1];
        if (name.Length == 0)
        {
            errors.Add("name part must be non-empty");
        }
        else if (name.Length > 63)
        {
            errors.Add("name part must be no more than 63 bytes");
        }

        if (!Name().IsMatch(name))
        {
            errors.Add("name part " + NameWords);
        }

        return errors.Count == 0 ? null : string.Join("; ", errors);
    }

    /// <summary>What is wrong with a label's value, in the API server's words; null where nothing is.</summary>
    public static string? CheckValue(string value)
    {
        var errors = new List<string>();
        if (value.Length > 63)
        {
            errors.Add("must be no more than 63 bytes");
        }

        if (value.Length > 0 && !Name().IsMatch(value))
        {
            errors.Add(ValueWords);
        }

        return errors.Count == 0 ? null : string.Join("; ", errors);
    }

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Subdomain();
}

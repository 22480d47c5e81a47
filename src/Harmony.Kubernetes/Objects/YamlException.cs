using Harmony.Platform;

namespace Harmony.Kubernetes.Objects;

public enum YamlError
{
    /// <summary>The text is no YAML.</summary>
    Syntax,

    /// <summary>A mapping has the same key twice.</summary>
    DuplicateKey,

    /// <summary>More bytes, depth or nodes than the limits allow.</summary>
    TooLarge,

    /// <summary>YAML that has no meaning in JSON: infinity, a list as a key.</summary>
    Unsupported,
}

/// <summary>A text that is no YAML, or YAML that Kubernetes cannot take. The message is about the text alone; whoever knows the file adds its name.</summary>
/// <param name="code">What is wrong.</param>
/// <param name="line">One-based.</param>
/// <param name="column">One-based.</param>
/// <param name="message">Plain words, without the place.</param>
/// <param name="inner">The parser's own exception.</param>
public sealed class YamlException(YamlError code, int line, int column, string message, Exception? inner = null) : HarmonyException(message, null, inner)
{
    public YamlError Code { get; } = code;

    public int Line { get; } = line;

    public int Column { get; } = column;

    public override string CodeName => Code.ToString();

    public override int ExitCode => 2;
}

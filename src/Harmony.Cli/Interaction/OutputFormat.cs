using System.Text.Encodings.Web;
using System.Text.Json;

namespace Harmony.Cli.Interaction;

/// <summary>How a command gives its data.</summary>
public enum OutputFormat
{
    Text,
    Json,
}

/// <summary>How all of harmony's JSON looks; its shapes are documented in <c>docs/reference/output.md</c>.</summary>
internal static class JsonOutput
{
    /// <summary>For documents of one line.</summary>
    public static JsonSerializerOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonSerializerOptions Options { get; } = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

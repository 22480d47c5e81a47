using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Authentication;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Http;

/// <summary>One request and its answer, in the terms of the API.</summary>
internal sealed class Exchange(HttpContext http, User user)
{
    /// <summary>The largest body that is read: etcd's own limit and a little more, as kube-apiserver has it.</summary>
    public const int MaxBodyBytes = 3 * 1024 * 1024;

    private static readonly YamlLimits Limits = new(MaxBodyBytes, JsonLimits.MaxDepth, MaxNodes: 1_000_000);

    public HttpContext Http { get; } = http;

    public User User { get; } = user;

    public string Method => Http.Request.Method;

    public CancellationToken Cancellation => Http.RequestAborted;

    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    public bool Flag(string name) => Query(name) is "true" or "1" or "";

    public long? Number(string name) => long.TryParse(Query(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public RepresentationKind Accepted(bool discovery = false) => Representation.Negotiate(Http.Request.Headers.Accept.ToString(), discovery);

    /// <summary>The body's media type without parameters; JSON where it is not said.</summary>
    public string ContentType => Http.Request.ContentType is { Length: > 0 } type ? type.Split(';')[0].Trim().ToLowerInvariant() : "application/json";

    /// <exception cref="ApiException">413.</exception>
    public async Task<byte[]> ReadBodyAsync()
    {
        if (Http.Request.ContentLength > MaxBodyBytes)
        {
            throw ApiErrors.TooLarge(MaxBodyBytes);
        }

        var reader = Http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(Cancellation);
            if (read.Buffer.Length > MaxBodyBytes)
            {
                throw ApiErrors.TooLarge(MaxBodyBytes);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>The object in the body, from JSON or YAML, and the paths of its repeated members; null for an empty body.</summary>
    /// <exception cref="ApiException">400, 413, 415.</exception>
    public async Task<(JsonNode? Root, IReadOnlyList<string> Duplicates)> ReadObjectAsync(string expectedKind, bool patch = false)
    {
        var body = await ReadBodyAsync();
        if (body.Length == 0)
        {
            return (null, []);
        }

        switch (ContentType)
        {
            case "application/json":
            case var type when patch && type.EndsWith("+json", StringComparison.Ordinal):
                return Schemas.Decoder.Parse(body, expectedKind);
            case "application/yaml" or "application/apply-patch+yaml":
                return (ReadYaml(body), []);
            case "application/vnd.kubernetes.protobuf":
                return (ProtobufBody.Read(body), []);
            default:
                throw ApiErrors.UnsupportedMediaType();
        }
    }

    public Task WriteAsync(int code, JsonNode body, string contentType = "application/json") => WriteAsync(code, writer => body.WriteTo(writer), contentType);

    /// <summary>Sends a JSON answer as a whole.</summary>
    public async Task WriteAsync(int code, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.Writer))
        {
            write(writer);
        }

        await SendAsync(code, buffer.WrittenMemory, contentType);
    }

    public Task WriteTextAsync(int code, string text) => SendAsync(code, Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8");

    public async Task SendAsync(int code, ReadOnlyMemory<byte> body, string contentType)
    {
        if (contentType == "application/json" && Representation.IsYaml(Http.Request.Headers.Accept.ToString()))
        {
            contentType = "application/yaml";
            body = Encoding.UTF8.GetBytes(YamlWriter.Write(JsonNode.Parse(body.Span, documentOptions: JsonLimits.Document)));
        }

        Http.Response.StatusCode = code;
        Http.Response.ContentType = contentType;
        Http.Response.ContentLength = body.Length;
        await Http.Response.BodyWriter.WriteAsync(body, Cancellation);
    }

    /// <summary>Adds Warning headers; texts that would break them are made harmless.</summary>
    public void Warn(IEnumerable<string> warnings)
    {
        const int MaxWarnings = 50;
        foreach (var text in warnings.Distinct(StringComparer.Ordinal).Take(MaxWarnings))
        {
            var clean = new StringBuilder(text.Length + 8);
            foreach (var c in text)
            {
                clean.Append(c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) || c > 126 ? "?" : c.ToString());
            }

            Http.Response.Headers.Append("Warning", $"299 - \"{clean}\"");
        }
    }

    private static JsonNode? ReadYaml(byte[] body)
    {
        try
        {
            var documents = YamlReader.ReadAll(Encoding.UTF8.GetString(body), Limits);
            return documents.Count == 0 ? null : documents[0].Root;
        }
        catch (YamlException e)
        {
            throw ApiErrors.BadRequest($"error decoding YAML: {e.Message}");
        }
    }
}

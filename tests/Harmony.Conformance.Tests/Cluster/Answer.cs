using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>What the API answered.</summary>
/// <param name="Body">Empty where it was no JSON object.</param>
public sealed record Answer(string Request, int Code, JsonObject Body, string Text, IReadOnlyList<string> Warnings)
{
    /// <summary>The <c>reason</c> of a Status.</summary>
    public string? Reason => Body.Text("reason");

    public string Message => Body.Text("message") ?? "";

    /// <summary>The body of an answer with this code; fails with what was answered instead.</summary>
    public JsonObject Expect(int code)
    {
        Code.ShouldBe(code, $"{Request}: {Text}");
        return Body;
    }

    /// <summary>A refusal: a Status with this code and reason.</summary>
    public Answer Refused(int code, string reason)
    {
        Code.ShouldBe(code, $"{Request}: {Text}");
        Body.Kind.ShouldBe("Status");
        Body.Text("status").ShouldBe("Failure");
        Body["code"].AsInt().ShouldBe(code);
        Reason.ShouldBe(reason, Text);
        return this;
    }
}

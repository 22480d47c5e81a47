using System.Globalization;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>The metav1.Status that a stream ends with.</summary>
internal static class StreamStatus
{
    public static JsonObject Success() => new() { ["metadata"] = new JsonObject(), ["status"] = "Success" };

    public static JsonObject Failure(ApiException e)
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = e.Message,
            ["reason"] = e.Reason,
        };
        if (e.Details is { } details)
        {
            status["details"] = details.DeepClone();
        }

        status["code"] = e.Code;
        return status;
    }

    /// <summary>How a command ended. Source: k8s.io/kubelet/pkg/cri/streaming/remotecommand/exec.go.</summary>
    public static JsonObject Exit(int code) => code == 0 ? Success() : new()
    {
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = string.Create(CultureInfo.InvariantCulture, $"command terminated with non-zero exit code: exit code {code}"),
        ["reason"] = "NonZeroExitCode",
        ["details"] = new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.ToString(CultureInfo.InvariantCulture) }),
        },
    };
}

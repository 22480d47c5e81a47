using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Images;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    /// <summary>The container's image, pulled if its policy says so; null where it cannot be had now: the container then waits, with the reason.</summary>
    private async Task<Image?> EnsureImageAsync(JsonObject own, JsonObject spec, ContainerState container, CancellationToken cancellation)
    {
        var wanted = spec.Text("image") ?? "";
        var policy = spec.Text("imagePullPolicy") ?? (IsLatest(wanted) ? "Always" : "IfNotPresent");
        try
        {
            var present = context.Images.Find(wanted);
            if (present is not null && policy != "Always")
            {
                Event(EventType.Normal, "Pulled", $"Container image \"{wanted}\" already present on machine and can be accessed by the pod", container);
                return present;
            }

            if (policy == "Never")
            {
                var message = $"Container image \"{wanted}\" is not present with pull policy of Never";
                Event(EventType.Warning, "ErrImageNeverPull", message, container);
                throw new ImageException(ImageError.ErrImageNeverPull, message);
            }

            Event(EventType.Normal, "Pulling", $"Pulling image \"{wanted}\"", container);
            var begun = context.Time.GetTimestamp();
            var image = await context.Images.PullAsync(wanted, PullSecrets(own), cancellation);
            var took = GoDuration.Format(context.Time.GetElapsedTime(begun));
            Event(EventType.Normal, "Pulled", $"Successfully pulled image \"{wanted}\" in {took} ({took} including waiting). Image size: {image.Size} bytes.", container);
            return image;
        }
        catch (ImageException e)
        {
            OnNoImage(container, wanted, e);
            return null;
        }
    }

    private void OnNoImage(ContainerState container, string image, ImageException error)
    {
        var reason = error.Code is ImageError.RegistryUnavailable ? nameof(ImageError.ErrImagePull) : error.CodeName;
        var isPull = reason == nameof(ImageError.ErrImagePull);
        if (error.Code == ImageError.InvalidImageName)
        {
            Event(EventType.Warning, "InspectFailed", error.Message, container);
        }
        else if (isPull)
        {
            Event(EventType.Warning, "Failed", $"Failed to pull image \"{image}\": {error.Message}", container);
        }

        Event(EventType.Warning, "Failed", "Error: " + reason, container);
        Post(() =>
        {
            var now = Now;
            var next = container.PullDelay == TimeSpan.Zero ? context.Options.RestartDelay : container.PullDelay * 2;
            container.PullDelay = next > LongestDelay ? LongestDelay : next;
            container.WaitingReason = reason;
            container.WaitingMessage = error.Message;
            container.PullError = error.Message;
            container.RetryAt = now + container.PullDelay;
            container.ShowBackOffAt = isPull ? now + (container.PullDelay / 4) : null;
        });
    }

    /// <summary>The registry credentials that the pod, or its service account, names.</summary>
    private List<JsonObject> PullSecrets(JsonObject own)
    {
        var names = own.At("spec", "imagePullSecrets").Objects().Select(s => s.Text("name")).OfType<string>().ToList();
        if (names.Count == 0 && context.Cluster.Get(BuiltInResources.ServiceAccounts, ns, own.At("spec", "serviceAccountName").AsText() ?? "default") is { } account)
        {
            names = [.. account["imagePullSecrets"].Objects().Select(s => s.Text("name")).OfType<string>()];
        }

        var found = new List<JsonObject>();
        var missing = new List<string>();
        foreach (var secretName in names)
        {
            if (Decode(context.Cluster.Get(BuiltInResources.Secrets, ns, secretName)) is { } document)
            {
                found.Add(document);
            }
            else
            {
                missing.Add(secretName);
            }
        }

        if (missing.Count > 0)
        {
            Event(
                EventType.Warning, "FailedToRetrieveImagePullSecret",
                $"Unable to retrieve some image pull secrets ({string.Join(", ", missing)}); attempting to pull the image may not succeed.");
        }

        return found;
    }

    private static JsonObject? Decode(JsonObject? secret)
    {
        try
        {
            if (secret.At("data", ".dockerconfigjson").AsText() is { } json)
            {
                return JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(json))) as JsonObject;
            }

            // The older form holds what is under "auths" in the newer.
            return secret.At("data", ".dockercfg").AsText() is { } old
                ? new JsonObject { ["auths"] = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(old))) }
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private static bool IsLatest(string image)
    {
        var last = image[(image.LastIndexOf('/') + 1)..];
        return !last.Contains('@', StringComparison.Ordinal) && (!last.Contains(':', StringComparison.Ordinal) || last.EndsWith(":latest", StringComparison.Ordinal));
    }
}

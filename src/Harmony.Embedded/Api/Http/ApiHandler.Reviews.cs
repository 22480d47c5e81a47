using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

internal sealed partial class ApiHandler
{
    /// <summary>Kinds that are questions: nothing is stored, the answer comes back in the status.</summary>
    private async Task ServeReviewAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var context = NewContext(exchange);
        var review = await ReadAsync(exchange, resource.Resource.Kind, context);
        if (resource.Resource.Kind == "Binding")
        {
            var pods = catalog.Find(BuiltInResources.Pods);
            await registry.BindAsync(pods, path.Namespace, review.Name, review.At("target", "name").AsText() ?? "", review, context, exchange.Cancellation);
            await WriteSuccessAsync(exchange);
            return;
        }

        context.Warnings.AddRange(Decoder.Decode(review, resource.Resource.GroupVersionKind, resource.Schema, context.FieldValidation, context.Duplicates));
        review["apiVersion"] = resource.Resource.ApiVersion;
        review["kind"] = resource.Resource.Kind;
        var metadata = review.Metadata;
        ManagedFields.RecordUpdate(null, review, context.Owner(resource, null, registry.Cluster.Time.GetUtcNow()), resource.Schema);
        switch (resource.Resource.Kind)
        {
            case "SelfSubjectReview":
                metadata["creationTimestamp"] = registry.Cluster.Time.Stamp();
                review["status"] = new JsonObject { ["userInfo"] = UserInfo(exchange.User) };
                break;
            case "TokenReview":
                var user = tokens.Check(review.At("spec", "token").AsText() ?? "", registry.Cluster,
                    review.At("spec", "audiences").Items().FirstOrDefault().AsText() ?? Authentication.TokenIssuer.Issuer);
                review["status"] = user is null
                    ? new JsonObject { ["user"] = new JsonObject(), ["error"] = "invalid bearer token" }
                    : new JsonObject { ["authenticated"] = true, ["user"] = UserInfo(user) };
                break;
            case "SelfSubjectRulesReview":
                JsonArray All() => new((JsonNode)"*");
                review["status"] = new JsonObject
                {
                    ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = All(), ["apiGroups"] = All(), ["resources"] = All() }),
                    ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = All(), ["nonResourceURLs"] = All() }),
                    ["incomplete"] = false,
                };
                break;
            default:
                review["status"] = new JsonObject { ["allowed"] = true };
                break;
        }

        exchange.Warn(context.Warnings);
        await exchange.WriteAsync(201, review);
    }

    private static JsonObject UserInfo(Authentication.User user)
    {
        var info = new JsonObject { ["username"] = user.Name };
        if (user.Uid is not null)
        {
            info["uid"] = user.Uid;
        }

        info["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]);
        return info;
    }
}

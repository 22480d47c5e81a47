namespace Harmony.Embedded.Api.Http;

/// <content>The numbers of the fields. Source: generated.proto of each group in https://github.com/kubernetes/api.</content>
internal static partial class ProtobufBody
{
    private static readonly Message Metadata = new()
    {
        [1] = new("name"), [2] = new("generateName"), [3] = new("namespace"), [11] = new("labels", Kind.Map), [12] = new("annotations", Kind.Map),
    };

    private static readonly Message DeleteOptions = new()
    {
        [1] = new("gracePeriodSeconds", Kind.Integer),
        [2] = new("preconditions", new Message { [1] = new("uid"), [2] = new("resourceVersion") }),
        [3] = new("orphanDependents", Kind.Boolean),
        [4] = new("propagationPolicy"),
        [5] = new("dryRun", Repeated: true),
    };

    private static readonly Message AccessSpec = new()
    {
        [1] = new("resourceAttributes", new Message
        {
            [1] = new("namespace"), [2] = new("verb"), [3] = new("group"), [4] = new("version"), [5] = new("resource"), [6] = new("subresource"), [7] = new("name"),
        }),
        [2] = new("nonResourceAttributes", new Message { [1] = new("path"), [2] = new("verb") }),
    };

    private static readonly Message PodTemplate = new()
    {
        [1] = new("metadata", Metadata),
        [2] = new("spec", new Message
        {
            [2] = new("containers", Repeated: true, Inner: new Message
            {
                [1] = new("name"),
                [2] = new("image"),
                [3] = new("command", Repeated: true),
                [4] = new("args", Repeated: true),
                [6] = new("ports", Repeated: true, Inner: new Message { [1] = new("name"), [3] = new("containerPort", Kind.Integer), [4] = new("protocol") }),
                [7] = new("env", Repeated: true, Inner: new Message { [1] = new("name"), [2] = new("value") }),
                [8] = new("resources", new Message()),
                [14] = new("imagePullPolicy"),
            }),
            [3] = new("restartPolicy"),
        }),
    };

    private static readonly Message Selector = new() { [1] = new("matchLabels", Kind.Map) };

    private static readonly Message RoleKind = new()
    {
        [1] = new("metadata", Metadata),
        [2] = new("rules", Repeated: true, Inner: new Message
        {
            [1] = new("verbs", Repeated: true), [2] = new("apiGroups", Repeated: true), [3] = new("resources", Repeated: true),
            [4] = new("resourceNames", Repeated: true), [5] = new("nonResourceURLs", Repeated: true),
        }),
    };

    private static readonly Message RoleBindingKind = new()
    {
        [1] = new("metadata", Metadata),
        [2] = new("subjects", Repeated: true, Inner: new Message { [1] = new("kind"), [2] = new("apiGroup"), [3] = new("name"), [4] = new("namespace") }),
        [3] = new("roleRef", new Message { [1] = new("apiGroup"), [2] = new("kind"), [3] = new("name") }),
    };

    private static readonly Message AccessReview = new() { [1] = new("metadata", Metadata), [2] = new("spec", AccessSpec) };

    private static readonly Dictionary<string, Message> Kinds = new(StringComparer.Ordinal)
    {
        ["DeleteOptions"] = DeleteOptions,
        ["Eviction"] = new() { [1] = new("metadata", Metadata), [2] = new("deleteOptions", DeleteOptions) },
        ["SelfSubjectAccessReview"] = AccessReview,
        ["SubjectAccessReview"] = AccessReview,
        ["LocalSubjectAccessReview"] = AccessReview,
        ["SelfSubjectReview"] = new() { [1] = new("metadata", Metadata) },
        ["SelfSubjectRulesReview"] = new() { [1] = new("metadata", Metadata), [2] = new("spec", new Message { [1] = new("namespace") }) },
        ["TokenReview"] = new() { [1] = new("metadata", Metadata), [2] = new("spec", new Message { [1] = new("token"), [2] = new("audiences", Repeated: true) }) },
        ["TokenRequest"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message
            {
                [1] = new("audiences", Repeated: true),
                [3] = new("boundObjectRef", new Message { [1] = new("kind"), [2] = new("apiVersion"), [3] = new("name"), [4] = new("uid") }),
                [4] = new("expirationSeconds", Kind.Integer),
            }),
        },
        ["Namespace"] = new() { [1] = new("metadata", Metadata) },
        ["ServiceAccount"] = new() { [1] = new("metadata", Metadata) },
        ["ConfigMap"] = new() { [1] = new("metadata", Metadata), [2] = new("data", Kind.Map), [3] = new("binaryData", Kind.BytesMap), [4] = new("immutable", Kind.Boolean) },
        ["Secret"] = new()
        {
            [1] = new("metadata", Metadata), [2] = new("data", Kind.BytesMap), [3] = new("type"), [4] = new("stringData", Kind.Map), [5] = new("immutable", Kind.Boolean),
        },
        ["Service"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message
            {
                [1] = new("ports", Repeated: true, Inner: new Message
                {
                    [1] = new("name"), [2] = new("protocol"), [3] = new("port", Kind.Integer), [4] = new("targetPort", Kind.IntOrString), [5] = new("nodePort", Kind.Integer),
                }),
                [2] = new("selector", Kind.Map),
                [3] = new("clusterIP"),
                [4] = new("type"),
                [10] = new("externalName"),
            }),
        },
        ["Deployment"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message { [1] = new("replicas", Kind.Integer), [2] = new("selector", Selector), [3] = new("template", PodTemplate) }),
        },
        ["Job"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message { [1] = new("parallelism", Kind.Integer), [2] = new("completions", Kind.Integer), [6] = new("template", PodTemplate), [7] = new("backoffLimit", Kind.Integer) }),
        },
        ["ResourceQuota"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message { [1] = new("hard", Kind.QuantityMap), [2] = new("scopes", Repeated: true) }),
        },
        ["PodDisruptionBudget"] = new()
        {
            [1] = new("metadata", Metadata),
            [2] = new("spec", new Message { [1] = new("minAvailable", Kind.IntOrString), [2] = new("selector", Selector), [3] = new("maxUnavailable", Kind.IntOrString) }),
        },
        ["PriorityClass"] = new()
        {
            [1] = new("metadata", Metadata), [2] = new("value", Kind.Integer), [3] = new("globalDefault", Kind.Boolean), [4] = new("description"), [5] = new("preemptionPolicy"),
        },
        ["Role"] = RoleKind,
        ["ClusterRole"] = RoleKind,
        ["RoleBinding"] = RoleBindingKind,
        ["ClusterRoleBinding"] = RoleBindingKind,
    };

    private enum Kind
    {
        Text,
        Integer,
        Boolean,
        IntOrString,
        Map,
        BytesMap,
        QuantityMap,
        Message,
    }

    private sealed class Message : Dictionary<int, Field>;

    private sealed record Field(string Name, Kind Kind = Kind.Text, bool Repeated = false, Message? Inner = null)
    {
        public Field(string name, Message inner)
            : this(name, Kind.Message, Inner: inner)
        {
        }

        public Kind Kind { get; } = Inner is null ? Kind : Kind.Message;
    }
}

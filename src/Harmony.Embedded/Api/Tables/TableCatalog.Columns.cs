using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <content>The columns as kubectl users know them. A description that begins with a dot is the path of the field whose description it is.</content>
internal static partial class TableCatalog
{
    private static readonly TableColumn Age = Text("Age", CreationDescription, (o, now) => Ages.Since(o.At("metadata", "creationTimestamp"), now));

    private static readonly TableColumn[] TemplateColumns =
    [
        Text("Containers", "Names of each container in the template.", (o, _) => Cells.Containers(o, "name"), 1),
        Text("Images", "Images referenced by each container in the template.", (o, _) => Cells.Containers(o, "image"), 1),
    ];

    private static readonly TableColumn SelectorColumn = Text("Selector", ".spec.selector", (o, _) => Cells.Selector(o.At("spec", "selector")), 1);

    private static readonly FrozenDictionary<string, TableColumn[]> Columns = new Dictionary<string, TableColumn[]>(StringComparer.Ordinal)
    {
        ["pods"] =
        [
            Name,
            Text("Ready", "The aggregate readiness state of this pod for accepting traffic.", (o, _) => PodCells.Ready(o)),
            Text("Status", "The aggregate status of the containers in this pod.", (o, _) => PodCells.Status(o)),
            Text("Restarts", "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.", PodCells.Restarts),
            Age,
            Text("IP", ".status.podIP", (o, _) => Cells.Or(o.At("status", "podIP"), "<none>"), 1),
            Text("Node", ".spec.nodeName", (o, _) => Cells.Or(o.At("spec", "nodeName"), "<none>"), 1),
            Text("Nominated Node", ".status.nominatedNodeName", (o, _) => Cells.Or(o.At("status", "nominatedNodeName"), "<none>"), 1),
            Text("Readiness Gates", ".spec.readinessGates", (o, _) => PodCells.ReadinessGates(o), 1),
        ],
        ["deployments.apps"] =
        [
            Name,
            Text("Ready", "Number of the pod with ready state", (o, _) => $"{Cells.Number(o, "status", "readyReplicas")}/{Cells.Number(o, "spec", "replicas")}"),
            Text("Up-to-date", ".status.updatedReplicas", (o, _) => Cells.Number(o, "status", "updatedReplicas")),
            Text("Available", ".status.availableReplicas", (o, _) => Cells.Number(o, "status", "availableReplicas")),
            Age,
            .. TemplateColumns,
            SelectorColumn,
        ],
        ["replicasets.apps"] = [.. ReplicaColumns(), SelectorColumn],
        ["replicationcontrollers"] = [.. ReplicaColumns(), SelectorColumn],
        ["statefulsets.apps"] =
        [
            Name,
            Text("Ready", "Number of the pod with ready state", (o, _) => $"{Cells.Number(o, "status", "readyReplicas")}/{Cells.Number(o, "spec", "replicas")}"),
            Age,
            .. TemplateColumns,
        ],
        ["daemonsets.apps"] =
        [
            Name,
            Number("Desired", ".status.desiredNumberScheduled", "status", "desiredNumberScheduled"),
            Number("Current", ".status.currentNumberScheduled", "status", "currentNumberScheduled"),
            Number("Ready", ".status.numberReady", "status", "numberReady"),
            Number("Up-to-date", ".status.updatedNumberScheduled", "status", "updatedNumberScheduled"),
            Number("Available", ".status.numberAvailable", "status", "numberAvailable"),
            Text("Node Selector", ".spec.template.spec.nodeSelector", (o, _) => Cells.Selector(o.At("spec", "template", "spec", "nodeSelector"))),
            Age,
            .. TemplateColumns,
            SelectorColumn,
        ],
        ["jobs.batch"] =
        [
            Name,
            Text("Status", "Status of the job.", (o, _) => Cells.JobStatus(o)),
            Text("Completions", ".status.succeeded", (o, _) => Cells.JobCompletions(o)),
            Text("Duration", "Time required to complete the job.", Cells.JobDuration),
            Age,
            .. TemplateColumns,
            SelectorColumn,
        ],
        ["cronjobs.batch"] =
        [
            Name,
            Text("Schedule", ".spec.schedule", (o, _) => Cells.Or(o.At("spec", "schedule"), "")),
            Text("Timezone", ".spec.timeZone", (o, _) => Cells.Or(o.At("spec", "timeZone"), "<none>")),
            new("Suspend", "boolean", "", ".spec.suspend", 0, (o, _) => o.At("spec", "suspend").AsBool() is { } suspended ? suspended ? "True" : "False" : "<unset>"),
            new("Active", "integer", "", ".status.active", 0, (o, _) => o.At("status", "active").Items().Count()),
            Text("Last Schedule", ".status.lastScheduleTime", (o, now) => o.At("status", "lastScheduleTime") is { } last ? Ages.Since(last, now) : "<none>"),
            Age,
            Text("Containers", "Names of each container in the template.", (o, _) => Cells.Containers(o.At("spec", "jobTemplate"), "name"), 1),
            Text("Images", "Images referenced by each container in the template.", (o, _) => Cells.Containers(o.At("spec", "jobTemplate"), "image"), 1),
            Text("Selector", ".spec.jobTemplate.spec.selector", (o, _) => Cells.Selector(o.At("spec", "jobTemplate", "spec", "selector")), 1),
        ],
        ["services"] =
        [
            Name,
            Text("Type", ".spec.type", (o, _) => Cells.Or(o.At("spec", "type"), "")),
            Text("Cluster-IP", ".spec.clusterIP", (o, _) => Cells.Or(o.At("spec", "clusterIP"), "<none>")),
            Text("External-IP", ".spec.externalIPs", (o, _) => ServiceCells.External(o)),
            Text("Port(s)", ".spec.ports", (o, _) => ServiceCells.Ports(o)),
            Age,
            Text("Selector", ".spec.selector", (o, _) => Cells.Selector(o.At("spec", "selector")), 1),
        ],
        ["configmaps"] = [Name, Text("Data", ".data", (o, _) => Cells.Count(o["data"]) + Cells.Count(o["binaryData"])), Age],
        ["secrets"] = [Name, Text("Type", ".type", (o, _) => Cells.Or(o["type"], "")), Text("Data", ".data", (o, _) => Cells.Count(o["data"])), Age],
        ["serviceaccounts"] = [Name, Age],
        ["persistentvolumeclaims"] =
        [
            Name,
            Text("Status", ".status.phase", (o, _) => o.IsBeingDeleted ? "Terminating" : Cells.Or(o.At("status", "phase"), "")),
            Text("Volume", ".spec.volumeName", (o, _) => Cells.Or(o.At("spec", "volumeName"), "")),
            Text("Capacity", ".status.capacity", (o, _) => Cells.IsBound(o) ? Cells.Or(o.At("status", "capacity", "storage"), "") : ""),
            Text("Access Modes", ".status.accessModes", (o, _) => Cells.IsBound(o) ? Cells.AccessModes(o.At("status", "accessModes")) : ""),
            Text("StorageClass", "StorageClass of the pvc", (o, _) => Cells.Or(o.At("spec", "storageClassName"), "")),
            Text("VolumeAttributesClass", "VolumeAttributesClass of the pvc", (o, _) => Cells.Or(o.At("spec", "volumeAttributesClassName"), "<unset>")),
            Age,
            Text("VolumeMode", ".spec.volumeMode", (o, _) => Cells.Or(o.At("spec", "volumeMode"), "<unset>"), 1),
        ],
        ["persistentvolumes"] =
        [
            Name,
            Text("Capacity", ".spec.capacity", (o, _) => Cells.Or(o.At("spec", "capacity", "storage"), "")),
            Text("Access Modes", ".spec.accessModes", (o, _) => Cells.AccessModes(o.At("spec", "accessModes"))),
            Text("Reclaim Policy", ".spec.persistentVolumeReclaimPolicy", (o, _) => Cells.Or(o.At("spec", "persistentVolumeReclaimPolicy"), "")),
            Text("Status", ".status.phase", (o, _) => o.IsBeingDeleted ? "Terminating" : Cells.Or(o.At("status", "phase"), "")),
            Text("Claim", ".spec.claimRef", (o, _) => o.At("spec", "claimRef") is JsonObject claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : ""),
            Text("StorageClass", "StorageClass of the pv", (o, _) => Cells.Or(o.At("spec", "storageClassName"), "")),
            Text("VolumeAttributesClass", "VolumeAttributesClass of the pv", (o, _) => Cells.Or(o.At("spec", "volumeAttributesClassName"), "<unset>")),
            Text("Reason", ".status.reason", (o, _) => Cells.Or(o.At("status", "reason"), "")),
            Age,
            Text("VolumeMode", ".spec.volumeMode", (o, _) => Cells.Or(o.At("spec", "volumeMode"), "<unset>"), 1),
        ],
        ["storageclasses.storage.k8s.io"] =
        [
            Name with { Cell = (o, _) => o.Annotation("storageclass.kubernetes.io/is-default-class") == "true" ? $"{o.Name} (default)" : o.Name },
            Text("Provisioner", ".provisioner", (o, _) => Cells.Or(o["provisioner"], "")),
            Text("ReclaimPolicy", ".reclaimPolicy", (o, _) => Cells.Or(o["reclaimPolicy"], "Delete")),
            Text("VolumeBindingMode", ".volumeBindingMode", (o, _) => Cells.Or(o["volumeBindingMode"], "Immediate")),
            Text("AllowVolumeExpansion", ".allowVolumeExpansion", (o, _) => o["allowVolumeExpansion"].AsBool() ?? false),
            Age,
        ],
        ["endpoints"] = [Name, Text("Endpoints", ".subsets", (o, _) => ServiceCells.Endpoints(o)), Age],
        ["endpointslices.discovery.k8s.io"] =
        [
            Name,
            Text("AddressType", ".addressType", (o, _) => Cells.Or(o["addressType"], "")),
            Text("Ports", ".ports", (o, _) => Cells.Joined(o["ports"].Objects().Select(p => p["port"]?.ToString() ?? "*"), "<unset>")),
            Text("Endpoints", ".endpoints", (o, _) => Cells.Joined(o["endpoints"].Objects().SelectMany(e => e["addresses"].Items()).Select(a => a.AsText() ?? ""), "<unset>")),
            Age,
        ],
        ["ingresses.networking.k8s.io"] =
        [
            Name,
            Text("Class", "The name of the IngressClass resource that should be used for additional configuration", (o, _) => Cells.Or(o.At("spec", "ingressClassName"), "<none>")),
            Text("Hosts", "Hosts that incoming requests are matched against before the ingress rule", (o, _) => ServiceCells.Hosts(o)),
            Text("Address", "Address is a list containing ingress points for the load-balancer", (o, _) => ServiceCells.LoadBalancer(o)),
            Text("Ports", "Ports of TLS configurations that open", (o, _) => Cells.Count(o.At("spec", "tls")) > 0 ? "80, 443" : "80"),
            Age,
        ],
        ["ingressclasses.networking.k8s.io"] =
        [
            Name,
            Text("Controller", "Controller that is responsible for handling this class", (o, _) => Cells.Or(o.At("spec", "controller"), "")),
            Text("Parameters", "A reference to a resource with additional parameters", (o, _) => Cells.Parameters(o.At("spec", "parameters"))),
            Age,
        ],
        ["networkpolicies.networking.k8s.io"] = [Name, Text("Pod-Selector", ".spec.podSelector", (o, _) => Cells.Selector(o.At("spec", "podSelector"))), Age],
        ["rolebindings.rbac.authorization.k8s.io"] = BindingColumns("roleBinding"),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = BindingColumns("clusterRoleBinding"),
        ["horizontalpodautoscalers.autoscaling"] =
        [
            Name,
            Text("Reference", ".spec.scaleTargetRef", (o, _) => $"{o.At("spec", "scaleTargetRef", "kind").AsText()}/{o.At("spec", "scaleTargetRef", "name").AsText()}"),
            Text("Targets", ".spec.metrics", (o, _) => AutoscalerCells.Targets(o)),
            Text("MinPods", ".spec.minReplicas", (o, _) => o.At("spec", "minReplicas") is { } least ? least.ToString() : "<unset>"),
            Text("MaxPods", ".spec.maxReplicas", (o, _) => Cells.Number(o, "spec", "maxReplicas")),
            Text("Replicas", ".status.currentReplicas", (o, _) => Cells.Number(o, "status", "currentReplicas")),
            Age,
        ],
        ["poddisruptionbudgets.policy"] =
        [
            Name,
            Text("Min Available", "The minimum number of pods that must be available.", (o, _) => o.At("spec", "minAvailable")?.ToString() ?? "N/A"),
            Text("Max Unavailable", "The maximum number of pods that may be unavailable.", (o, _) => o.At("spec", "maxUnavailable")?.ToString() ?? "N/A"),
            new("Allowed Disruptions", "integer", "", "Calculated number of pods that may be disrupted at this time.", 0, (o, _) => Cells.Number(o, "status", "disruptionsAllowed")),
            Age,
        ],
        ["resourcequotas"] =
        [
            Name,
            Text("Request", "Request represents a minimum amount of cpu/memory that a container may consume.", (o, _) => Cells.Quota(o, limits: false)),
            Text("Limit", "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.", (o, _) => Cells.Quota(o, limits: true)),
            Age,
        ],
        ["leases.coordination.k8s.io"] = [Name, Text("Holder", ".spec.holderIdentity", (o, _) => Cells.Or(o.At("spec", "holderIdentity"), "")), Age],
        ["events"] =
        [
            Text("Last Seen", ".lastTimestamp", EventCells.LastSeen),
            Text("Type", ".type", (o, _) => Cells.Or(o["type"], "")),
            Text("Reason", ".reason", (o, _) => Cells.Or(o["reason"], "")),
            Text("Object", ".involvedObject", (o, _) => EventCells.About(o)),
            Text("Subobject", ".involvedObject.fieldPath", (o, _) => Cells.Or((o["involvedObject"] ?? o["regarding"]).At("fieldPath"), ""), 1),
            Text("Source", ".source", (o, _) => EventCells.Source(o), 1),
            Text("Message", ".message", (o, _) => (o.Text("message") ?? o.Text("note") ?? "").Trim()),
            Text("First Seen", ".firstTimestamp", EventCells.FirstSeen, 1),
            Text("Count", ".count", (o, _) => EventCells.Count(o), 1),
            Name with { Priority = 1 },
        ],
        ["namespaces"] = [Name, Text("Status", "The status of the namespace", (o, _) => Cells.Or(o.At("status", "phase"), "")), Age],
        ["nodes"] =
        [
            Name,
            Text("Status", "The status of the node", (o, _) => NodeCells.Status(o)),
            Text("Roles", "The roles of the node", (o, _) => NodeCells.Roles(o)),
            Age,
            Text("Version", ".status.nodeInfo.kubeletVersion", (o, _) => Cells.Or(o.At("status", "nodeInfo", "kubeletVersion"), "")),
            Text("Internal-IP", ".status.addresses", (o, _) => NodeCells.Address(o, "InternalIP"), 1),
            Text("External-IP", ".status.addresses", (o, _) => NodeCells.Address(o, "ExternalIP"), 1),
            Text("OS-Image", ".status.nodeInfo.osImage", (o, _) => Cells.Or(o.At("status", "nodeInfo", "osImage"), "<unknown>"), 1),
            Text("Kernel-Version", ".status.nodeInfo.kernelVersion", (o, _) => Cells.Or(o.At("status", "nodeInfo", "kernelVersion"), "<unknown>"), 1),
            Text("Container-Runtime", ".status.nodeInfo.containerRuntimeVersion", (o, _) => Cells.Or(o.At("status", "nodeInfo", "containerRuntimeVersion"), "<unknown>"), 1),
        ],
        ["priorityclasses.scheduling.k8s.io"] =
        [
            Name,
            new("Value", "integer", "", ".value", 0, (o, _) => o["value"].AsLong() ?? 0),
            new("Global-Default", "boolean", "", ".globalDefault", 0, (o, _) => o["globalDefault"].AsBool() ?? false),
            Age,
            Text("PreemptionPolicy", ".preemptionPolicy", (o, _) => Cells.Or(o["preemptionPolicy"], "")),
        ],
        ["runtimeclasses.node.k8s.io"] = [Name, Text("Handler", "", (o, _) => Cells.Or(o["handler"], "")), Age],
        ["controllerrevisions.apps"] =
        [
            Name,
            Text("Controller", "Controller of the object", (o, _) => o.Controller is { } owner ? $"{Owner(owner)}/{owner.Text("name")}" : "<none>"),
            new("Revision", "string", "", ".revision", 0, (o, _) => o["revision"].AsLong() ?? 0),
            Age,
        ],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static string Owner(JsonObject owner)
    {
        var slash = owner.Text("apiVersion")?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        var kind = (owner.Text("kind") ?? "").ToLowerInvariant();
        return slash < 0 ? kind : $"{kind}.{owner.Text("apiVersion")![..slash]}";
    }

    private static TableColumn[] ReplicaColumns() =>
    [
        Name,
        Number("Desired", ".spec.replicas", "spec", "replicas"),
        Number("Current", ".status.replicas", "status", "replicas"),
        Number("Ready", ".status.readyReplicas", "status", "readyReplicas"),
        Age,
        .. TemplateColumns,
    ];

    private static TableColumn[] BindingColumns(string kind) =>
    [
        Name,
        Text("Role", ".roleRef", (o, _) => $"{o.At("roleRef", "kind").AsText()}/{o.At("roleRef", "name").AsText()}"),
        Age,
        Text("Users", $"Users in the {kind}", (o, _) => Cells.Subjects(o, "User"), 1),
        Text("Groups", $"Groups in the {kind}", (o, _) => Cells.Subjects(o, "Group"), 1),
        Text("ServiceAccounts", $"ServiceAccounts in the {kind}", (o, _) => Cells.Subjects(o, "ServiceAccount"), 1),
    ];

    private static TableColumn Text(string name, string description, Func<JsonObject, DateTimeOffset, JsonNode?> cell, int priority = 0) => new(name, "string", "", description, priority, cell);

    private static TableColumn Number(string name, string description, params string[] path) => new(name, "integer", "", description, 0, (o, _) => Cells.Number(o, path));
}

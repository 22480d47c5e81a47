using System.Text.Json.Nodes;
using Harmony.Projects.Workloads;

namespace Harmony.Projects.WebAssembly;

/// <summary>The Kubernetes objects that a module needs to run: a Deployment with a Service where it serves, else a Job.</summary>
internal static class ModuleObjects
{
    public static IEnumerable<JsonObject> Of(ModuleFile module) => module.Port is { } port ? [Deployment(module, port), Service(module, port)] : [Job(module)];

    private static JsonObject Deployment(ModuleFile module, int port)
    {
        var container = Container(module);
        container["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["containerPort"] = port });
        container["readinessProbe"] = new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = port }, ["periodSeconds"] = 1 };
        return new()
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = Metadata(module),
            ["spec"] = new JsonObject
            {
                ["replicas"] = 1,
                ["selector"] = new JsonObject { ["matchLabels"] = Labels(module) },
                ["template"] = Template(module, new JsonObject { ["containers"] = new JsonArray(container) }),
            },
        };
    }

    private static JsonObject Service(ModuleFile module, int port) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = Metadata(module),
        ["spec"] = new JsonObject
        {
            ["type"] = "LoadBalancer",
            ["selector"] = Labels(module),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = port, ["targetPort"] = port, ["protocol"] = "TCP" }),
        },
    };

    private static JsonObject Job(ModuleFile module) => new()
    {
        ["apiVersion"] = "batch/v1",
        ["kind"] = "Job",
        ["metadata"] = Metadata(module),
        ["spec"] = new JsonObject
        {
            // A program that fails once fails again: show it rather than hide it behind repetitions.
            ["backoffLimit"] = 0,
            ["template"] = Template(module, new JsonObject { ["restartPolicy"] = "Never", ["containers"] = new JsonArray(Container(module)) }),
        },
    };

    private static JsonObject Template(ModuleFile module, JsonObject spec)
    {
        spec["runtimeClassName"] = PodTemplate.WebAssemblyRuntimeClass;
        return new() { ["metadata"] = new JsonObject { ["labels"] = Labels(module) }, ["spec"] = spec };
    }

    private static JsonObject Container(ModuleFile module) => new()
    {
        ["name"] = module.Name,
        ["image"] = module.Image.Reference,
        ["imagePullPolicy"] = "IfNotPresent",
    };

    private static JsonObject Metadata(ModuleFile module) => new() { ["name"] = module.Name, ["labels"] = Labels(module) };

    private static JsonObject Labels(ModuleFile module) => new() { ["app.kubernetes.io/name"] = module.Name };
}

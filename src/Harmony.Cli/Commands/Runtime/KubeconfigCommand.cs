using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Platform.Files;
using Harmony.Runtimes;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime kubeconfig [RUNTIME]</c>: for kubectl, helm, k9s.</summary>
internal static class KubeconfigCommand
{
    public static Command Create(Composition composition)
    {
        var name = RuntimeCommand.Name();
        var path = new Option<bool>("--path") { Description = "Print where it is instead of what is in it, for KUBECONFIG=$(harmony runtime kubeconfig --path)." };
        var command = new Command("kubeconfig", "Print a runtime's kubeconfig.") { name, path };
        command.SetAction((parsed, _) =>
        {
            var runtime = composition.Runtime(parsed.GetValue(name)!);
            var text = Disk.ReadTextIfPresent(runtime.Kubeconfig.Path)
                ?? throw new RuntimeException(RuntimeError.NotAvailable, $"The runtime {runtime.Name} has no kubeconfig yet.", $"harmony runtime start {runtime.Name} makes one.");
            composition.Terminal.WriteData(parsed.GetValue(SharedOptions.Output) == OutputFormat.Json
                ? new JsonObject { ["name"] = runtime.Name, ["path"] = runtime.Kubeconfig.Path, ["context"] = runtime.Kubeconfig.Context }.ToJsonString(JsonOutput.Options)
                : parsed.GetValue(path) ? runtime.Kubeconfig.Path : text.TrimEnd('\n'));
            return Task.FromResult(0);
        });
        return command;
    }
}

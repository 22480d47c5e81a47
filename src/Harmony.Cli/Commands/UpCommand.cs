using System.CommandLine;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony up [SOURCE]</c>: takes a project to working.</summary>
internal static class UpCommand
{
    public static Command Create(Composition composition)
    {
        var source = new Argument<string>("SOURCE") { Description = "The project: a folder or a file.", DefaultValueFactory = _ => "." };
        var name = new Option<string?>("--name") { Description = "The project's name, where the folder's does not serve." };
        var ns = new Option<string?>("--namespace", "-n") { Description = "The namespace to launch into; the project's name where left out." };
        var (runtime, context, kubeconfig) = (SharedOptions.Runtime(), SharedOptions.Context(), SharedOptions.Kubeconfig());
        var timeout = new Option<TimeSpan?>("--timeout") { Description = "How long to wait for the project to work (5m).", CustomParser = Duration.Read };
        var noWait = new Option<bool>("--no-wait") { Description = "Return once everything is applied." };
        var anyPort = new Option<bool>("--any-port") { Description = "Choose another port where the wanted one is taken." };
        var publish = new Option<PortRequest[]>("--publish")
        {
            Description = "Publish a Service's port on this machine: [LOCAL:]SERVICE:PORT.",
            CustomParser = result => [.. result.Tokens.Select(t =>
            {
                var request = PortRequest.Parse(t.Value);
                if (request is null)
                {
                    result.AddError($"'{t.Value}' is no port to publish; write it as SERVICE:PORT or LOCAL:SERVICE:PORT.");
                }

                return request;
            }).OfType<PortRequest>()],
        };
        var command = new Command("up", "Launch a project: it runs, or harmony says why not.") { source, name, ns, runtime, context, kubeconfig, timeout, noWait, anyPort, publish };
        command.Validators.Add(result =>
        {
            // Without a context the cluster that the file happens to point at would be meant, or none: nobody deploys by accident.
            if (result.GetValue(kubeconfig) is not null && result.GetValue(context) is null)
            {
                result.AddError("--kubeconfig needs --context: which of its clusters is meant?");
            }
        });
        command.SetAction((parsed, cancellation) => RunAsync(composition, new LaunchOptions
        {
            Source = parsed.GetValue(source)!,
            Name = parsed.GetValue(name),
            Namespace = parsed.GetValue(ns),
            Runtime = SharedOptions.Request(parsed, runtime, context, kubeconfig),
            Timeout = parsed.GetValue(timeout) ?? TimeSpan.FromMinutes(5),
            Wait = !parsed.GetValue(noWait),
            AnyPort = parsed.GetValue(anyPort),
            Publish = parsed.GetValue(publish) ?? [],
        }, parsed.GetValue(SharedOptions.Output), cancellation));
        return command;
    }

    public static async Task<int> RunAsync(Composition composition, LaunchOptions options, OutputFormat format, CancellationToken cancellation)
    {
        var terminal = composition.Terminal;
        LaunchResult result;
        if (terminal.IsLive)
        {
            var view = new LiveLaunchView(terminal);
            result = await view.RunAsync(composition.Launcher.RunAsync(options, view, cancellation));
        }
        else
        {
            result = await composition.Launcher.RunAsync(options, new PlainLaunchView(terminal), cancellation);
        }

        if (format == OutputFormat.Json)
        {
            terminal.WriteData(LaunchReport.ToJson(result).ToJsonString(JsonOutput.Options));
        }
        else
        {
            LaunchReport.Show(terminal, result);
        }

        return result.ExitCode;
    }
}

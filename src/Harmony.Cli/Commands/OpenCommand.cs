using System.CommandLine;
using Command = System.CommandLine.Command;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Processes;
using BrowserCommand = Harmony.Platform.Processes.Command;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony open [SERVICE]</c>: shows a published page in the browser, or says where it is.</summary>
internal static class OpenCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create(Composition composition)
    {
        var service = new Argument<string?>("SERVICE") { Description = "The Service to open; the first web page where left out.", Arity = ArgumentArity.ZeroOrOne };
        var project = SharedOptions.Project();
        var command = new Command("open", "Open a project's page in the browser.") { service, project };
        command.SetAction(async (parsed, cancellation) =>
        {
            var record = composition.Locator.Find(parsed.GetValue(project));
            var wanted = parsed.GetValue(service);
            var port = wanted is null ? record.Ports.OrderByDescending(p => p.LooksLikeWeb).FirstOrDefault() : record.Ports.FirstOrDefault(p => p.Service == wanted);
            if (port is null)
            {
                throw new LaunchException(LaunchError.ServiceNotFound,
                    wanted is null ? $"{record.Name} publishes no port." : $"{record.Name} publishes no Service {wanted}.",
                    $"harmony up {record.Source} --publish SERVICE:PORT publishes one.");
            }

            var json = parsed.GetValue(SharedOptions.Output) == OutputFormat.Json;
            composition.Terminal.WriteData(json ? LaunchReport.ToJson(port).ToJsonString(JsonOutput.Options) : port.Location);
            if (!json && port.LooksLikeWeb && Opener(port.Location) is { } opener)
            {
                using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                bounded.CancelAfter(Patience);
                try
                {
                    await composition.Commands.TryRunAsync(opener, bounded.Token);
                }
                catch (ProcessException)
                {
                    // A machine without a browser: the address has been said.
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                }
            }

            return 0;
        });
        return command;
    }

    private static BrowserCommand? Opener(string location) =>
        OperatingSystem.IsMacOS() ? BrowserCommand.Of("open", location)
        : OperatingSystem.IsWindows() ? BrowserCommand.Of("rundll32", "url.dll,FileProtocolHandler", location)
        : Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 } || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 } ? BrowserCommand.Of("xdg-open", location)
        : null;
}

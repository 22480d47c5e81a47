using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Kubernetes.Kubeconfigs;

/// <summary>
/// One or several kubeconfig files, merged as kubectl does: the first file to name a cluster, user, context or the current context wins; relative
/// paths count from the file that they stand in. Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/.
/// </summary>
public sealed class Kubeconfig
{
    private static readonly YamlLimits Limits = new(MaxBytes: 4 * 1024 * 1024, MaxDepth: 20, MaxNodes: 200_000);
    private readonly JsonObject merged;

    private Kubeconfig(JsonObject merged, IReadOnlyList<string> files)
    {
        this.merged = merged;
        Files = files;
    }

    /// <summary>The files that were read, in order.</summary>
    public IReadOnlyList<string> Files { get; }

    public string? CurrentContext => merged.Text("current-context") is { Length: > 0 } name ? name : null;

    public IReadOnlyList<string> Contexts => [.. merged["contexts"].Objects().Select(c => c.Text("name") ?? "")];

    /// <summary>Where kubectl looks: the list of the variable, else <c>.kube/config</c> in the home folder.</summary>
    public static IReadOnlyList<string> DefaultFiles(string? variable, string home)
    {
        var listed = (variable ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return listed.Length > 0 ? [.. listed.Distinct(StringComparer.Ordinal)] : [Path.Combine(home, ".kube", "config")];
    }

    /// <summary>Reads and merges the files; those that are not there are passed over.</summary>
    /// <exception cref="KubernetesException">None is there, or one is broken: with the file and the line.</exception>
    public static Kubeconfig Read(params IReadOnlyList<string> files)
    {
        var all = new JsonObject();
        var read = new List<string>();
        foreach (var file in files)
        {
            if (ReadFile(file) is { } content)
            {
                read.Add(file);
                Merge(all, content, Path.GetDirectoryName(Path.GetFullPath(file))!);
            }
        }

        return read.Count > 0
            ? new(all, read)
            : throw new KubernetesException(KubernetesError.Kubeconfig, $"Reading the kubeconfig: there is no file {string.Join(", ", files)}.", "Name one with --kubeconfig, or set KUBECONFIG.");
    }

    /// <summary>Everything that is needed to reach one context's cluster.</summary>
    /// <param name="context">Its name; the current context where null.</param>
    /// <exception cref="KubernetesException">There is no such context, or it names a cluster or user that is not there.</exception>
    public KubeconfigContext Select(string? context = null)
    {
        var name = context ?? CurrentContext
            ?? throw Wrong("no context is chosen in it", Contexts.Count == 0 ? null : $"Name one with --context: {string.Join(", ", Contexts)}.");
        var entry = Find("contexts", name)
            ?? throw Wrong($"it has no context '{name}'", Contexts.Count == 0 ? null : $"It has: {string.Join(", ", Contexts)}.");
        var clusterName = entry.At("context", "cluster").AsText() ?? throw Wrong($"its context '{name}' names no cluster");
        var cluster = Find("clusters", clusterName) ?? throw Wrong($"its context '{name}' names the cluster '{clusterName}', which it has not");
        var userName = entry.At("context", "user").AsText();
        var user = userName is { Length: > 0 } ? Find("users", userName) ?? throw Wrong($"its context '{name}' names the user '{userName}', which it has not") : null;
        if (!Uri.TryCreate(cluster.At("cluster", "server").AsText(), UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
        {
            throw Wrong($"its cluster '{clusterName}' has no server address (https://…)");
        }

        var own = entry.DeepClone().AsObject();
        if (user?["user"] is not JsonObject { Count: > 0 })
        {
            // Nobody in particular: a proxy that adds the credentials, for example. KubernetesClient refuses a user without any.
            user = null;
            (own["context"] as JsonObject)?.Remove("user");
        }

        var alone = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["current-context"] = name,
            ["contexts"] = new JsonArray(own),
            ["clusters"] = new JsonArray(cluster.DeepClone()),
            ["users"] = user is null ? [] : new JsonArray(user.DeepClone()),
        };
        return new(name, server, entry.At("context", "namespace").AsText() is { Length: > 0 } ns ? ns : "default", alone);
    }

    private KubernetesException Wrong(string what, string? hint = null) =>
        new(KubernetesError.Kubeconfig, $"Reading the kubeconfig {string.Join(", ", Files)}: {what}.", hint);

    private JsonObject? Find(string list, string name) => merged[list].Objects().FirstOrDefault(e => e.Text("name") == name);

    private static JsonObject? ReadFile(string file)
    {
        try
        {
            if (Disk.ReadTextIfPresent(file) is not { } text)
            {
                return null;
            }

            var document = YamlReader.ReadAll(text, Limits) is [var first, ..] ? first : null;
            CheckShape(file, document);
            return document?.Root as JsonObject ?? [];
        }
        catch (YamlException e)
        {
            throw new KubernetesException(KubernetesError.Kubeconfig, $"Reading the kubeconfig {file}:{e.Line}: {e.Message}.", "Repair the file, or name another with --kubeconfig.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesException(KubernetesError.Kubeconfig, $"Reading the kubeconfig {file}: {e.Message}", null, e);
        }
    }

    private static void CheckShape(string file, YamlDocument? document)
    {
        if (document?.Root is null)
        {
            return;
        }

        if (document.Root is not JsonObject root)
        {
            throw Broken(document.Line, "it is no mapping");
        }

        foreach (var name in (string[])["clusters", "users", "contexts"])
        {
            if (root[name] is not (null or JsonArray))
            {
                throw Broken(document.LineOf(root[name]), $"'{name}' is no list");
            }

            foreach (var item in root[name].Items())
            {
                if (item is not JsonObject entry || entry.Text("name") is null)
                {
                    throw Broken(document.LineOf(item ?? root[name]), $"an entry of '{name}' has no name");
                }
            }
        }

        KubernetesException Broken(int line, string what) => new(KubernetesError.Kubeconfig, $"Reading the kubeconfig {file}:{line}: {what}.", "Repair the file, or name another with --kubeconfig.");
    }

    private static void Merge(JsonObject into, JsonObject content, string folder)
    {
        if (into.Text("current-context") is not { Length: > 0 } && content.Text("current-context") is { Length: > 0 } current)
        {
            into["current-context"] = current;
        }

        foreach (var name in (string[])["clusters", "users", "contexts"])
        {
            var list = into.List(name);
            foreach (var entry in content[name].Objects())
            {
                if (list.Objects().All(e => e.Text("name") != entry.Text("name")))
                {
                    var own = entry.DeepClone().AsObject();
                    MakeAbsolute(own["cluster"], folder, "certificate-authority");
                    MakeAbsolute(own["user"], folder, "client-certificate", "client-key", "tokenFile");
                    if (own.At("user", "exec") is JsonObject exec && exec.Text("command") is { } command && command.Contains('/', StringComparison.Ordinal))
                    {
                        MakeAbsolute(exec, folder, "command");
                    }

                    list.Add((JsonNode)own);
                }
            }
        }
    }

    private static void MakeAbsolute(JsonNode? node, string folder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (node is JsonObject o && o.Text(name) is { Length: > 0 } path)
            {
                o[name] = Path.GetFullPath(path, folder);
            }
        }
    }
}

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Harmony.Cli.Tests;

/// <summary>Who may know whom (design §4), read from the built assemblies.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Of each project: the namespaces of other projects that it may use. What begins with one of these is meant.</summary>
    public static TheoryData<string, string[]> Rules => new()
    {
        { "Harmony.Platform", [] },
        { "Harmony.Kubernetes", ["Harmony.Platform"] },
        { "Harmony.Projects", ["Harmony.Platform", "Harmony.Kubernetes.Objects"] },
        { "Harmony.Runtimes", ["Harmony.Platform"] },
        { "Harmony.Embedded", ["Harmony.Platform", "Harmony.Kubernetes.Objects"] },
        { "Harmony.Orchestration", ["Harmony.Platform", "Harmony.Kubernetes", "Harmony.Projects", "Harmony.Runtimes"] },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_project_uses_only_what_it_may_know(string project, string[] allowed)
    {
        var foreign = UsedNamespaces(project).Where(n => n.StartsWith("Harmony.", StringComparison.Ordinal) && !IsWithin(n, project));

        foreign.Where(n => !allowed.Any(a => IsWithin(n, a))).ShouldBeEmpty();
    }

    [Fact]
    public void Only_the_embedded_commands_start_the_embedded_runtime()
    {
        // The composition root's own hidden command is the one door: nobody else can shortcut the HTTP API.
        var users = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/Harmony.Embedded/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f).Contains("using Harmony.Embedded", StringComparison.Ordinal))
            .Select(f => Path.GetFileName(Path.GetDirectoryName(f)));

        users.Distinct().ShouldBe(["Embedded"]);
    }

    [Fact]
    public void No_name_says_nothing()
    {
        string[] empty = ["Manager", "Helper", "Helpers", "Utils", "Utility", "Util"];

        var named = Rules.Select(r => r.Data.Item1).SelectMany(TypeNames).Where(n => empty.Any(e => n.EndsWith(e, StringComparison.Ordinal)));

        named.ShouldBeEmpty();
    }

    private static bool IsWithin(string ns, string room) => ns == room || ns.StartsWith(room + ".", StringComparison.Ordinal);

    private static IEnumerable<string> UsedNamespaces(string project) =>
        Read(project, m => m.TypeReferences.Select(t => m.GetString(m.GetTypeReference(t).Namespace)).Distinct().ToList());

    private static IEnumerable<string> TypeNames(string project) =>
        Read(project, m => m.TypeDefinitions.Select(t => m.GetString(m.GetTypeDefinition(t).Name)).ToList());

    private static T Read<T>(string project, Func<MetadataReader, T> read)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{project}.dll"));
        using var assembly = new PEReader(file);
        return read(assembly.GetMetadataReader());
    }
}

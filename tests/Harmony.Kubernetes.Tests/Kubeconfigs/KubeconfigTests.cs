using Harmony.Kubernetes.Kubeconfigs;
using Harmony.Kubernetes.Objects;
using Harmony.Testing;

namespace Harmony.Kubernetes.Tests.Kubeconfigs;

public sealed class KubeconfigTests : IDisposable
{
    private const string Theirs = """
        # my clusters
        apiVersion: v1
        kind: Config
        preferences: {}
        clusters:
          # the big one
          - cluster: {server: "https://prod.example.com"}   # careful
            name: prod

          - name: "dev"
            cluster:
              server: 'https://dev.example.com:6443'
              certificate-authority: ca/dev.crt
        # whom I am
        users:
        - name: me
          user:
            token: |
              abc
        contexts:
        - {name: prod, context: {cluster: prod, user: me}}
        - context:
            cluster: dev
            user: me
            namespace: team
          name: dev
        current-context: prod
        extensions: [] # the end

        """;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void A_context_is_chosen_by_name_or_as_the_current_one()
    {
        var config = Kubeconfig.Read(folder.Write("config", Theirs));
        config.Contexts.ShouldBe(["prod", "dev"]);
        config.Select().Server.ShouldBe(new Uri("https://prod.example.com"));
        var dev = config.Select("dev");
        dev.Namespace.ShouldBe("team");
        dev.Json["clusters"]![0]!["cluster"]!["certificate-authority"].AsText().ShouldBe(folder.File("ca/dev.crt"));
        dev.ToString().ShouldNotContain("abc");
    }

    [Fact]
    public void Of_several_files_the_first_to_name_something_wins()
    {
        var first = folder.Write("a/first", "clusters:\n- name: prod\n  cluster: {server: http://other}\n");
        var config = Kubeconfig.Read(first, folder.File("missing"), folder.Write("b/second", Theirs));
        config.Files.Count.ShouldBe(2);
        config.Select().Server.ShouldBe(new Uri("http://other"));
        config.Select("dev").Json["clusters"]![0]!["cluster"]!["certificate-authority"].AsText().ShouldBe(folder.File("b/ca/dev.crt"));
    }

    [Fact]
    public void The_files_are_those_of_the_variable_else_the_one_in_the_home_folder()
    {
        Kubeconfig.DefaultFiles($"/a{Path.PathSeparator}{Path.PathSeparator}/b", "/home/me").ShouldBe(["/a", "/b"]);
        Kubeconfig.DefaultFiles(null, "/home/me").ShouldBe([Path.Combine("/home/me", ".kube", "config")]);
    }

    [Theory]
    [InlineData("clusters: [", ":1: ")]
    [InlineData("apiVersion: v1\nclusters: 5\n", ":2: 'clusters' is no list")]
    [InlineData("clusters:\n- name: a\n- cluster: {}\n", ":3: an entry of 'clusters' has no name")]
    [InlineData("- a\n", ":1: it is no mapping")]
    public void A_broken_file_is_named_with_its_line(string text, string place)
    {
        var path = folder.Write("config", text);
        var error = Should.Throw<KubernetesException>(() => Kubeconfig.Read(path));
        error.Code.ShouldBe(KubernetesError.Kubeconfig);
        error.Message.ShouldContain(path + place);
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Should.Throw<KubernetesException>(() => Kubeconfig.Read(folder.File("none"))).Message.ShouldContain("there is no file");
        var config = Kubeconfig.Read(folder.Write("config", Theirs));
        Should.Throw<KubernetesException>(() => config.Select("staging")).Hint.ShouldBe("It has: prod, dev.");
        var broken = Kubeconfig.Read(folder.Write("broken", "contexts:\n- name: a\n  context: {cluster: b}\n"));
        Should.Throw<KubernetesException>(() => broken.Select("a")).Message.ShouldContain("the cluster 'b', which it has not");
        Should.Throw<KubernetesException>(() => broken.Select()).Message.ShouldContain("no context is chosen");
    }

    [Fact]
    public void A_context_is_put_in_and_taken_out_and_every_other_byte_stays()
    {
        var path = folder.Write("config", Theirs);
        KubeconfigFile.Merge(path, "harmony", Ours("https://127.0.0.1:7443"), makeCurrent: false);
        var merged = File.ReadAllText(path);
        var mine = merged.Split('\n').Except(Theirs.Split('\n')).ToList();
        merged.Split('\n').Where(l => !mine.Contains(l)).Count().ShouldBeGreaterThanOrEqualTo(Theirs.Split('\n').Length);
        var config = Kubeconfig.Read(path);
        config.CurrentContext.ShouldBe("prod");
        config.Select("harmony").Server.ShouldBe(new Uri("https://127.0.0.1:7443"));
        config.Select("dev").Namespace.ShouldBe("team");

        KubeconfigFile.Merge(path, "harmony", Ours("https://127.0.0.1:8443"), makeCurrent: false);
        Kubeconfig.Read(path).Select("harmony").Server.ShouldBe(new Uri("https://127.0.0.1:8443"));

        KubeconfigFile.Remove(path, "harmony");
        File.ReadAllText(path).ShouldBe(Theirs);
    }

    [Fact]
    public void The_current_context_changes_only_when_asked_and_is_none_after_removal()
    {
        var path = folder.Write("config", Theirs);
        KubeconfigFile.Merge(path, "harmony", Ours("https://127.0.0.1:7443"), makeCurrent: true);
        Kubeconfig.Read(path).CurrentContext.ShouldBe("harmony");
        KubeconfigFile.Remove(path, "harmony");
        File.ReadAllText(path).ShouldBe(Theirs.Replace("current-context: prod", "current-context: \"\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing yet\n")]
    [InlineData("apiVersion: v1\nkind: Config\nclusters: []\ncontexts: null\nusers:\ncurrent-context: \"\"\n")]
    public void An_empty_file_becomes_one_with_the_context(string text)
    {
        var path = folder.Write("config", text);
        KubeconfigFile.Merge(path, "harmony", Ours("https://127.0.0.1:7443"), makeCurrent: false);
        Kubeconfig.Read(path).Select().Name.ShouldBe("harmony");
        KubeconfigFile.Remove(path, "harmony");
        Kubeconfig.Read(path).Contexts.ShouldBeEmpty();
        KubeconfigFile.Merge(path, "harmony", Ours("https://127.0.0.1:7443"), makeCurrent: false);
        Kubeconfig.Read(path).Select().Name.ShouldBe("harmony");
    }

    [Fact]
    public void A_file_in_flow_style_is_refused_and_left_alone()
    {
        var path = folder.Write("config", """{"clusters": [{"name": "a", "cluster": {"server": "http://a"}}]}""");
        var before = File.ReadAllText(path);
        Should.Throw<KubernetesException>(() => KubeconfigFile.Merge(path, "harmony", Ours("http://b"), makeCurrent: false)).Message.ShouldContain("flow style");
        File.ReadAllText(path).ShouldBe(before);
    }

    public void Dispose() => folder.Dispose();

    private KubeconfigContext Ours(string server) => Kubeconfig.Read(folder.Write("ours", $$"""
        clusters: [{name: x, cluster: {server: "{{server}}" } }]
        users: [{name: x, user: {token: secret} }]
        contexts: [{name: x, context: {cluster: x, user: x} }]
        current-context: x
        """)).Select();
}

using Harmony.Projects.Discovery;

namespace Harmony.Projects.Tests.Discovery;

public sealed class ProjectLoaderTests : IDisposable
{
    private readonly ProjectFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_not_there_is_named() => (await folder.FailAsync("none")).Code.ShouldBe(ProjectError.NotFound);

    [Fact]
    public async Task An_empty_folder_is_called_empty()
    {
        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.NothingToRun);
        error.Message.ShouldContain("empty");
    }

    [Theory]
    [InlineData("compose.yaml", "Compose")]
    [InlineData("docker-compose.override.yml", "Compose")]
    [InlineData("Chart.yaml", "Helm")]
    [InlineData("kustomization.yaml", "kustomization")]
    [InlineData("Dockerfile", "Dockerfile")]
    public async Task A_kind_that_this_version_cannot_run_is_named(string file, string kind)
    {
        folder.Write(file, "services: {}");

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.NothingToRun);
        error.Message.ShouldContain(kind);
        error.Message.ShouldContain(file);
        (await folder.FailAsync(file)).Message.ShouldContain(kind);
    }

    [Fact]
    public async Task Manifests_run_beside_what_cannot_and_the_user_is_told()
    {
        folder.Write("compose.yaml", "services: {}");
        folder.Write("k8s/a.yaml", ProjectFolder.ConfigMap);
        folder.Write("chart/Chart.yaml", "name: x");
        folder.Write("chart/templates/a.yaml", "kind: {{ .Values.kind }}\napiVersion: v1");

        var project = await folder.LoadAsync();

        project.Objects.Count.ShouldBe(1);
        project.Notes.ShouldContain(n => n.Contains("compose.yaml", StringComparison.Ordinal));
        project.Notes.ShouldContain(n => n.Contains("chart/Chart.yaml", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hidden_files_and_node_modules_are_no_part_of_a_project()
    {
        folder.Write(".github/workflows/ci.yaml", "kind: [");
        folder.Write(".gitlab-ci.yml", "kind: [");
        folder.Write("node_modules/x/a.yaml", ProjectFolder.ConfigMap);
        folder.Write("a.yaml", ProjectFolder.ConfigMap);

        (await folder.LoadAsync()).Objects.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_link_out_of_the_folder_is_refused()
    {
        using var other = new ProjectFolder();
        other.Write("secret.yaml", ProjectFolder.ConfigMap);
        folder.Write("a.yaml", ProjectFolder.ConfigMap);
        Directory.CreateSymbolicLink(folder.File("linked"), other.Path);

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Invalid);
        error.Message.ShouldStartWith("linked:");
        Directory.Delete(folder.File("linked"));
        File.CreateSymbolicLink(folder.File("b.yaml"), other.File("secret.yaml"));
        (await folder.FailAsync()).Message.ShouldStartWith("b.yaml:");
    }

    [Fact]
    public async Task Links_inside_the_folder_count_once_and_circles_do_no_harm()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap);
        folder.Write("..data/b.yaml", ProjectFolder.ConfigMap.Replace("settings", "other", StringComparison.Ordinal));
        File.CreateSymbolicLink(folder.File("again.yaml"), "a.yaml");
        File.CreateSymbolicLink(folder.File("b.yaml"), "..data/b.yaml");
        Directory.CreateSymbolicLink(folder.File("up"), ".");

        (await folder.LoadAsync()).Objects.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_name_comes_from_the_folder_or_file_unless_given()
    {
        folder.Write("My App/The Thing.yaml", ProjectFolder.ConfigMap);

        (await folder.LoadAsync("My App", name: null)).Name.ShouldBe("my-app");
        (await folder.LoadAsync("My App/The Thing.yaml", name: null)).Name.ShouldBe("the-thing");
        (await folder.LoadAsync("My App", name: "mine")).Name.ShouldBe("mine");
    }

    [Fact]
    public async Task A_folder_named_as_a_namespace_of_Kubernetes_itself_does_not_take_it()
    {
        folder.Write("default/a.yaml", ProjectFolder.ConfigMap);

        (await folder.LoadAsync("default", name: null)).Name.ShouldBe("project-default");
        (await folder.FailAsync("default", name: "kube-system")).Code.ShouldBe(ProjectError.Invalid);
    }

    [Fact]
    public async Task A_name_that_Kubernetes_does_not_take_is_refused_with_one_that_it_does()
    {
        folder.Write("a.yaml", ProjectFolder.ConfigMap);

        var error = await folder.FailAsync(name: "My App");

        error.Code.ShouldBe(ProjectError.Invalid);
        error.Hint!.ShouldContain("my-app");
    }

    [Fact]
    public async Task An_address_is_told_to_be_too_early() =>
        (await Should.ThrowAsync<ProjectException>(() => ProjectLoader.Default.LoadAsync("https://example.com/x.git", null, CancellationToken.None))).Hint!.ShouldContain("Clone");

    [Fact]
    public async Task A_pipe_is_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Named pipes are files on Unix only.");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [folder.File("a.yaml")]))
        {
            await mkfifo.WaitForExitAsync();
        }

        (await folder.FailAsync()).Message.ShouldStartWith("a.yaml:");
        (await folder.FailAsync("a.yaml")).Code.ShouldBe(ProjectError.Invalid);
    }
}

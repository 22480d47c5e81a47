using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Tests.Manifests;

public sealed class ModuleImagesTests : IDisposable
{
    private readonly ProjectFolder folder = new();

    public ModuleImagesTests() => folder.Write("mod/hello.wat", "(module)");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_module_beside_the_manifests_becomes_an_image()
    {
        folder.Write("k8s/a.yaml", Pod("../mod/hello.wat", "runtimeClassName: wasmtime"));

        var project = await folder.LoadAsync();

        var image = project.Images.Single().ShouldBeOfType<WebAssemblyImage>();
        image.ModulePath.ShouldBe(folder.File("mod/hello.wat"));
        image.Reference.ShouldMatch("^harmony\\.local/hello:sha256-[0-9a-f]{16}$");
        var container = project.Objects.Single().Json.At("spec", "containers")![0]!;
        container["image"].AsText().ShouldBe(image.Reference);
        container["imagePullPolicy"].AsText().ShouldBe("IfNotPresent");
        project.IsWebAssemblyOnly.ShouldBeTrue();
        project.NeedsContainers.ShouldBeFalse();
    }

    [Theory]
    [InlineData("./mod/hello.wat", "restartPolicy: Never", "runtime of such modules")]
    [InlineData("./mod/none.wasm", "runtimeClassName: wasmtime", "there is no module")]
    [InlineData("./mod/hello.txt", "runtimeClassName: wasmtime", "no WebAssembly module")]
    public async Task What_cannot_be_is_named_by_file_and_line(string image, string more, string message)
    {
        folder.Write("a.yaml", Pod(image, more));

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Invalid);
        error.Message.ShouldStartWith("a.yaml:9: ");
        error.Message.ShouldContain(message);
    }

    [Fact]
    public async Task A_module_outside_the_project_is_refused_also_through_a_link()
    {
        using var other = new ProjectFolder();
        other.Write("x.wat", "(module)");
        folder.Write("a.yaml", Pod($"../{Path.GetFileName(other.Path)}/x.wat", "runtimeClassName: wasmtime"));
        (await folder.FailAsync()).Message.ShouldContain("outside the project");

        folder.Write("a.yaml", Pod("./.hidden/x.wat", "runtimeClassName: wasmtime"));
        Directory.CreateSymbolicLink(folder.File(".hidden"), other.Path);
        (await folder.FailAsync()).Message.ShouldContain("outside the project");
    }

    [Fact]
    public async Task Container_images_stay_as_they_are()
    {
        folder.Write("a.yaml", Pod("nginx", "restartPolicy: Never"));

        var project = await folder.LoadAsync();

        project.Images.ShouldBeEmpty();
        project.NeedsContainers.ShouldBeTrue();
        project.IsWebAssemblyOnly.ShouldBeFalse();
        ((JsonObject)project.Objects.Single().Json.At("spec", "containers")![0]!).ContainsKey("imagePullPolicy").ShouldBeFalse();
    }

    private static string Pod(string image, string more) => $"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: hello
        spec:
          {more}
          containers:
          - name: hello
            image: {image}
        """;
}

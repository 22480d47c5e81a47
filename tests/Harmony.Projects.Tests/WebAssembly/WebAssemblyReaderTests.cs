using Harmony.Kubernetes.Objects;
using static Harmony.Projects.Tests.WebAssembly.WasmBytes;

namespace Harmony.Projects.Tests.WebAssembly;

public sealed class WebAssemblyReaderTests : IDisposable
{
    private const string Serving = """(module (global (export "http_port") i32 (i32.const 8099)))""";

    private readonly ProjectFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_module_that_serves_is_a_Deployment_with_a_Service()
    {
        folder.Write("Hello World.wat", Serving);

        var project = await folder.LoadAsync("Hello World.wat", name: null);

        project.Name.ShouldBe("hello-world");
        project.Kind.ShouldBe("WebAssembly module");
        project.IsWebAssemblyOnly.ShouldBeTrue();
        project.Objects.Select(o => $"{o.Json.Kind}/{o.Json.Name}").ShouldBe(["Deployment/hello-world", "Service/hello-world"]);
        var pod = project.Objects[0].Json.At("spec", "template", "spec")!;
        pod["runtimeClassName"].AsText().ShouldBe("wasmtime");
        var container = pod["containers"].Objects().Single();
        container["image"].AsText().ShouldBe(project.Images.Single().Reference);
        container.At("readinessProbe", "tcpSocket", "port").AsInt().ShouldBe(8099);
        var service = project.Objects[1].Json;
        service.At("spec", "type").AsText().ShouldBe("LoadBalancer");
        service.At("spec", "ports").Objects().Single()["port"].AsInt().ShouldBe(8099);
        LabelSelector.FromMap(service.At("spec", "selector")).Matches(project.Objects[0].Json.At("spec", "template", "metadata", "labels").AsTextMap()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_command_is_a_Job_that_runs_once()
    {
        folder.Write("task.wasm", Module());

        var job = (await folder.LoadAsync("task.wasm")).Objects.Single().Json;

        job.Kind.ShouldBe("Job");
        job.At("spec", "backoffLimit").AsInt().ShouldBe(0);
        job.At("spec", "template", "spec", "restartPolicy").AsText().ShouldBe("Never");
    }

    [Fact]
    public async Task A_changed_module_is_another_image_and_an_unchanged_one_the_same()
    {
        folder.Write("a.wat", Serving);
        var first = (await folder.LoadAsync()).Images.Single().Reference;
        (await folder.LoadAsync("a.wat")).Images.Single().Reference.ShouldBe(first);

        folder.Write("a.wat", Serving + " ");

        (await folder.LoadAsync()).Images.Single().Reference.ShouldNotBe(first);
    }

    [Fact]
    public async Task A_folder_of_modules_runs_them_all()
    {
        folder.Write("web.wat", Serving);
        folder.Write("task.wasm", Module());
        folder.Write("README.md", "# Hello");

        var project = await folder.LoadAsync();

        project.Kind.ShouldBe("WebAssembly modules");
        project.Objects.Select(o => o.Json.Kind).ShouldBe(["Job", "Deployment", "Service"]);
        project.Images.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_modules_of_one_name_are_refused()
    {
        folder.Write("a.wat", Serving);
        folder.Write("a.wasm", Module());

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Duplicate);
        error.Message.ShouldContain("a.wat");
        error.Message.ShouldContain("a.wasm");
    }

    [Fact]
    public async Task Modules_that_a_build_left_deep_down_are_named_not_run()
    {
        folder.Write("target/wasm32-wasip1/release/app.wasm", Module());

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.NothingToRun);
        error.Hint!.ShouldContain("target/wasm32-wasip1/release/app.wasm");
    }

    [Fact]
    public async Task A_file_that_is_no_module_is_named()
    {
        folder.Write("a.wasm", "<html>404</html>");

        var error = await folder.FailAsync();

        error.Code.ShouldBe(ProjectError.Malformed);
        error.Message.ShouldStartWith("a.wasm: this is no WebAssembly module");
    }

    [Fact]
    public async Task A_port_that_cannot_be_is_refused()
    {
        folder.Write("a.wat", Serving.Replace("8099", "80999", StringComparison.Ordinal));

        (await folder.FailAsync()).Message.ShouldContain("80999");
    }
}

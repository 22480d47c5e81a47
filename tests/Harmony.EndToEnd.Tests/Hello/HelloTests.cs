using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Hello;

public sealed class HelloTests(HelloProject hello) : IClassFixture<HelloProject>
{
    [Fact]
    public async Task The_page_answers_at_the_address_that_up_gave()
    {
        var page = await Web.GetAsync(hello.Address + "/some/<page>");

        page.ShouldContain("Hello from WebAssembly");
        page.ShouldContain("/some/&lt;page&gt;");
    }

    [Fact]
    public void The_launch_is_reported_as_documented()
    {
        hello.Launch["project"]!.GetValue<string>().ShouldBe("hello");
        hello.Launch["namespace"]!.GetValue<string>().ShouldBe("hello");
        hello.Launch["outcome"]!.GetValue<string>().ShouldBe("Works");
        hello.Launch["runtime"]!["name"]!.GetValue<string>().ShouldBe("embedded");
        hello.Launch["objects"]!["created"]!.GetValue<int>().ShouldBe(2);
        hello.Launch["findings"]!.AsArray().ShouldBeEmpty();
        hello.Launch["seconds"]!.GetValue<double>().ShouldBeGreaterThan(0);
        var workload = hello.Launch["workloads"]!.AsArray().ShouldHaveSingleItem()!;
        workload["kind"]!.GetValue<string>().ShouldBe("Deployment");
        workload["stage"]!.GetValue<string>().ShouldBe("Ready");
        workload["ready"]!.GetValue<int>().ShouldBe(1);
        var port = hello.Launch["ports"]!.AsArray().ShouldHaveSingleItem()!;
        port["service"]!.GetValue<string>().ShouldBe("hello");
        port["address"]!.GetValue<string>().ShouldBe("127.0.0.1");
        port["location"]!.GetValue<string>().ShouldBe($"http://localhost:{port["localPort"]}");
    }

    [Fact]
    public async Task Launching_again_changes_nothing_and_keeps_the_address()
    {
        var again = await hello.Home.UpAsync(Repository.Example("hello"));

        again["objects"]!.ToJsonString().ShouldBe("""{"created":0,"configured":0,"unchanged":2,"replaced":0,"removed":0}""");
        again["ports"]![0]!["location"]!.GetValue<string>().ShouldBe(hello.Address);
        again["runtime"]!["reason"]!.GetValue<string>().ShouldBe("embedded: it is running already");
        (await Web.GetAsync(hello.Address)).ShouldContain("Hello");
    }

    [Fact]
    public async Task For_people_data_is_on_stdout_and_all_else_on_stderr()
    {
        var again = (await hello.Home.RunAsync("up", Repository.Example("hello"), "--any-port")).Ends(0);

        again.Output.ShouldBe($"hello\t{hello.Address}\n");
        again.Error.ShouldContain("hello works");
        again.Error.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Status_says_that_it_works()
    {
        var text = (await hello.Home.RunAsync("status")).Ends(0).Output;
        text.ShouldContain("hello  works");
        text.ShouldContain("Deployment/hello");
        text.ShouldContain(hello.Address);

        var project = (await hello.Home.RunAsync("status", "hello", "-o", "json")).Ends(0).Json["projects"]!.AsArray().ShouldHaveSingleItem()!.AsObject();
        project.Select(p => p.Key).ShouldBe(["project", "namespace", "source", "runtime", "works", "unreachable", "workloads", "ports", "findings"]);
        project["works"]!.GetValue<bool>().ShouldBeTrue();
        project["source"]!.GetValue<string>().ShouldBe(Repository.Example("hello"));
        project["ports"]![0]!["fault"].ShouldBeNull();
    }

    [Fact]
    public async Task Open_gives_the_address() =>
        (await hello.Home.RunAsync("open", "-p", "hello", "-o", "json")).Ends(0).Json["location"]!.GetValue<string>().ShouldBe(hello.Address);

    [Fact]
    public async Task The_logs_of_a_program_that_says_nothing_are_empty() =>
        (await hello.Home.RunAsync("logs", "-p", "hello")).Ends(0).Output.ShouldBe("");

    [Fact]
    public async Task The_runtime_says_how_it_is()
    {
        (await hello.Home.RunAsync("runtime", "status")).Ends(0).Output.ShouldStartWith("embedded: Running");

        var status = (await hello.Home.RunAsync("runtime", "status", "-o", "json")).Ends(0).Json;
        status["state"]!.GetValue<string>().ShouldBe("Running");
        status["managed"]!.GetValue<bool>().ShouldBeTrue();
        status["processId"]!.GetValue<int>().ShouldBeOneOf([.. Leftovers.Own(hello.Home.Path)]);
        (await hello.Home.RunAsync("runtime", "list", "-o", "json")).Ends(0).Json["runtimes"]![0]!["endpoint"]!.GetValue<string>().ShouldBe(status["endpoint"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_kubeconfig_is_for_this_user_alone()
    {
        (await hello.Home.RunAsync("runtime", "kubeconfig", "--path")).Ends(0).Output.Trim().ShouldBe(hello.Home.Kubeconfig);

        JsonNode.Parse((await hello.Home.RunAsync("runtime", "kubeconfig")).Ends(0).Output)!["kind"]!.GetValue<string>().ShouldBe("Config");
        File.GetUnixFileMode(hello.Home.Kubeconfig).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(hello.Home.Kubeconfig)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

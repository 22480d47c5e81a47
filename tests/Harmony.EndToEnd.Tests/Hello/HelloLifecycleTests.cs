using System.Diagnostics;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Hello;

public sealed class HelloLifecycleTests
{
    [Fact]
    public async Task Down_frees_the_port_and_forgets_the_project()
    {
        await using var home = new HarmonyHome();
        var address = (await home.UpAsync(Repository.Example("hello")))["ports"]![0]!["location"]!.GetValue<string>();

        var down = (await home.RunAsync("down", Repository.Example("hello"), "-o", "json")).Ends(0).Json;

        down.ToJsonString().ShouldBe("""{"project":"hello","removed":2,"volumesKept":0}""");
        (await Web.AnswersAsync(address)).ShouldBeFalse();
        (await home.RunAsync("status", "-o", "json")).Ends(0).Json["projects"]!.AsArray().ShouldBeEmpty();
        (await home.RunAsync("down", "hello")).Ends(2).Error.ShouldContain("hello");
        (await home.UpAsync(Repository.Example("hello")))["objects"]!["created"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task Two_users_of_one_machine_never_share_a_port()
    {
        await using var one = new HarmonyHome();
        await using var other = new HarmonyHome();

        var launches = await Task.WhenAll(one.UpAsync(Repository.Example("hello")), other.UpAsync(Repository.Example("hello")));

        var taken = launches[0]["ports"]![0]!["localPort"]!.GetValue<int>();
        launches[1]["ports"]![0]!["localPort"]!.GetValue<int>().ShouldNotBe(taken);
        (await other.RunAsync("down", "hello")).Ends(0);
        var refused = (await other.RunAsync("up", Repository.Example("hello"), "--publish", $"{taken}:hello:8080")).Ends(3);
        refused.Error.ShouldMatch($@"Port {taken} for hello is taken by \S+ \(process \d+\)");
        refused.Error.ShouldContain("--any-port");
    }

    [Fact]
    public async Task WebAssembly_needs_no_root()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "needs root, to become another user with setpriv");
        await using var home = new HarmonyHome();

        // Nobody may be able to read where this was built.
        var program = Path.Combine(home.Root, "program");
        var project = home.CopyOf("hello", "hello");
        await Process.Start("cp", ["-r", Binary.Folder, program]).WaitForExitAsync(TestContext.Current.CancellationToken);
        await Process.Start("chown", ["-R", "65534:65534", home.Root]).WaitForExitAsync(TestContext.Current.CancellationToken);
        home.Program = Path.Combine(program, Path.GetFileName(Binary.Path));
        home.Prefix = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        home.Environment["HOME"] = home.Root;

        var launch = await home.UpAsync(project);

        (await Web.GetAsync(launch["ports"]![0]!["location"]!.GetValue<string>())).ShouldContain("Hello");
        var containers = home.Project("containers", ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'busybox:1'}]}\n"));
        var refused = (await home.RunAsync("up", containers, "--timeout", "30s")).Ends(3);
        refused.Error.ShouldContain("This project has containers, which cannot run here");
        refused.Error.ShouldContain("hint:");
        (await home.RunAsync("down", "hello")).Ends(0);
    }
}

using Harmony.EndToEnd.Tests.Hello;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Failures;

/// <summary>Projects that cannot be read, or that the cluster refuses: the file and line are said.</summary>
public sealed class BadInputTests(HelloProject hello) : IClassFixture<HelloProject>
{
    private HarmonyHome Home => hello.Home;

    [Theory]
    [InlineData("malformed", "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: [a\n", "a.yaml:4:1: ")]
    [InlineData("bomb", "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g,*g]\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "a.yaml:6:26: the text has more than")]
    public async Task What_cannot_be_read_ends_with_2_and_its_place(string name, string text, string place)
    {
        var folder = Home.Project(name, ("a.yaml", text));

        var outcome = (await Home.RunAsync("up", folder)).Ends(2);

        outcome.Error.ShouldContain(place);
    }

    [Fact]
    public async Task An_empty_folder_is_no_project()
    {
        var outcome = (await Home.RunAsync("up", Home.Project("empty"))).Ends(2);

        outcome.Error.ShouldContain("empty");
        outcome.Error.ShouldContain("hint:");
    }

    [Fact]
    public async Task An_unknown_kind_is_refused_with_its_place()
    {
        var folder = Home.Project("unknown-kind", ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"));

        var outcome = (await Home.RunAsync("up", folder)).Ends(1);

        outcome.Error.ShouldContain("a.yaml:5");
        outcome.Error.ShouldContain("Widget");
    }

    [Fact]
    public async Task An_unknown_field_is_warned_of_with_its_place()
    {
        var folder = Home.Project("unknown-field", ("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}], colour: red}\n"));

        var outcome = await Home.RunAsync("up", folder);

        outcome.ExitCode.ShouldBeOneOf(0, 1);
        outcome.Error.ShouldContain("a.yaml:1");
        outcome.Error.ShouldContain("spec.colour");
    }

    [Fact]
    public async Task What_the_cluster_refuses_is_said_in_its_words_with_the_place()
    {
        var folder = Home.Project("invalid", ("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fine}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}\n"));

        var outcome = (await Home.RunAsync("up", folder)).Ends(1);

        outcome.Error.ShouldContain("a.yaml:5: Service/web: ");
        outcome.Error.ShouldContain("must be between 1 and 65535");
        (await Home.RunAsync("up", folder, "-o", "json")).Ends(1).Json["error"]!["code"]!.GetValue<string>().ShouldBe("ApplyFailed");
    }

    [Fact]
    public async Task A_second_project_of_the_same_name_is_refused()
    {
        var other = Path.Combine(Home.Project("other"), "hello");
        Directory.CreateDirectory(other);
        File.Copy(Path.Combine(Repository.Example("hello"), "hello.wat"), Path.Combine(other, "hello.wat"), overwrite: true);

        var refused = (await Home.RunAsync("up", other)).Ends(2);

        refused.Error.ShouldContain(Repository.Example("hello"));
        refused.Error.ShouldContain("--name");
        (await Home.UpAsync(other, "--name", "second"))["project"]!.GetValue<string>().ShouldBe("second");
        (await Home.RunAsync("down", "second")).Ends(0);
    }
}

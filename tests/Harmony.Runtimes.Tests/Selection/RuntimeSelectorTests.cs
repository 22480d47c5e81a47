using Harmony.Runtimes.Existing;
using Harmony.Runtimes.Selection;

namespace Harmony.Runtimes.Tests.Selection;

public sealed class RuntimeSelectorTests
{
    private static readonly RuntimeCheck NotRoot = new("NotRoot", "containers need root", "Run it as root.") { Blocks = false, StopsContainers = true };

    [Fact]
    public async Task The_named_one_is_taken_and_the_reason_says_so()
    {
        var choice = await Choose(new() { Named = "other" }, new FakeRuntime("embedded", RuntimeState.Running), new FakeRuntime("other"));

        choice.Runtime.Name.ShouldBe("other");
        choice.Reason.ShouldBe("other: you named it");
    }

    [Fact]
    public async Task One_that_runs_already_is_shared()
    {
        var choice = await Choose(new() { WebAssemblyOnly = true }, new FakeRuntime("embedded"), new FakeRuntime("other", RuntimeState.Running));

        choice.Runtime.Name.ShouldBe("other");
        choice.Reason.ShouldContain("running already");
    }

    [Fact]
    public async Task WebAssembly_alone_runs_embedded_without_root()
    {
        var choice = await Choose(new() { WebAssemblyOnly = true }, new FakeRuntime("other"), new FakeRuntime("embedded", RuntimeState.Stopped, NotRoot));

        choice.Runtime.Name.ShouldBe("embedded");
        choice.Reason.ShouldContain("WebAssembly");
    }

    [Fact]
    public async Task Anything_else_runs_embedded_in_this_version() =>
        (await Choose(new() { NeedsContainers = true }, new FakeRuntime("embedded"))).Reason.ShouldBe("embedded: the only managed runtime of this version");

    [Theory]
    [InlineData(null)]
    [InlineData("embedded")]
    public async Task Containers_without_root_get_one_clear_sentence(string? named)
    {
        var error = await Fail(new() { NeedsContainers = true, Named = named }, new FakeRuntime("embedded", RuntimeState.Stopped, NotRoot));

        error.Code.ShouldBe(RuntimeError.NotAvailable);
        error.ExitCode.ShouldBe(3);
        error.Message.ShouldBe("This project has containers, which cannot run here: containers need root.");
        error.Hint.ShouldBe("Run it as root.");
    }

    [Fact]
    public async Task One_that_cannot_run_here_is_refused_and_never_replaced_by_another()
    {
        var blocked = new FakeRuntime("other", RuntimeState.NotInstalled, new RuntimeCheck("NoDisk", "the disk is full", "Free some."));

        (await Fail(new() { Named = "other" }, new FakeRuntime("embedded"), blocked)).Message.ShouldContain("the disk is full");
    }

    [Theory]
    [InlineData("k3s", RuntimeError.NotAvailable)]
    [InlineData("k3d", RuntimeError.NotAvailable)]
    [InlineData("kind", RuntimeError.Unknown)]
    public async Task A_name_that_this_version_does_not_have_is_an_error_that_lists_what_it_has(string name, RuntimeError code)
    {
        var error = await Fail(new() { Named = name }, new FakeRuntime("embedded"));

        error.Code.ShouldBe(code);
        error.Message.ShouldContain($"'{name}'");
        error.Message.ShouldContain("'embedded'");
    }

    [Fact]
    public async Task A_named_context_is_the_users_own_cluster_whatever_runs()
    {
        var choice = await new RuntimeSelector([new FakeRuntime("embedded", RuntimeState.Running)], name => name == "KUBECONFIG" ? "/from/environment" : null)
            .ChooseAsync(new() { Context = "prod", NeedsContainers = true }, CancellationToken.None);

        choice.Runtime.ShouldBeOfType<ExistingCluster>().Kubeconfig.ShouldBe(new KubeconfigReference("/from/environment", "prod"));
        choice.Reason.ShouldContain("you named this context");
    }

    [Fact]
    public async Task Without_a_named_context_the_users_kubeconfig_is_not_used()
    {
        var choice = await new RuntimeSelector([new FakeRuntime("embedded")], _ => throw new InvalidOperationException("Nobody asked for it."))
            .ChooseAsync(new() { NeedsContainers = true }, CancellationToken.None);

        choice.Runtime.Name.ShouldBe("embedded");
    }

    [Fact]
    public async Task A_runtime_and_a_context_at_once_are_refused() =>
        (await Fail(new() { Named = "embedded", Context = "prod" }, new FakeRuntime("embedded"))).ExitCode.ShouldBe(2);

    private static Task<RuntimeChoice> Choose(RuntimeRequest request, params IRuntime[] runtimes) =>
        new RuntimeSelector(runtimes, _ => null).ChooseAsync(request, CancellationToken.None);

    private static Task<RuntimeException> Fail(RuntimeRequest request, params IRuntime[] runtimes) =>
        Should.ThrowAsync<RuntimeException>(() => Choose(request, runtimes));
}

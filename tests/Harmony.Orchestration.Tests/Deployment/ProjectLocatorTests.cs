using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Paths;

namespace Harmony.Orchestration.Tests.Deployment;

public sealed class ProjectLocatorTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("harmony-test-").FullName;

    private ProjectRecords Records => new(HarmonyPaths.Under(home));

    public void Dispose() => Directory.Delete(home, recursive: true);

    private void Launched(string name, string source) =>
        Records.Save(new() { Name = name, Namespace = name, Source = source, Runtime = "embedded", Kubeconfig = "k" });

    [Fact]
    public void The_project_of_the_working_folder_is_meant_first()
    {
        Launched("one", "/src/one");
        Launched("two", "/src/two");

        new ProjectLocator(Records, "/src/two").Find(null).Name.ShouldBe("two");
    }

    [Fact]
    public void The_only_project_is_meant_from_anywhere()
    {
        Launched("one", "/src/one");

        new ProjectLocator(Records, "/elsewhere").Find(null).Name.ShouldBe("one");
    }

    [Fact]
    public void Of_several_none_is_guessed()
    {
        Launched("one", "/src/one");
        Launched("two", "/src/two");

        Should.Throw<LaunchException>(() => new ProjectLocator(Records, "/elsewhere").Find(null)).Hint!.ShouldContain("one, two");
    }

    [Fact]
    public void A_name_and_a_folder_are_both_understood()
    {
        Launched("one", "/src/one");

        new ProjectLocator(Records, "/src").Find("one").Name.ShouldBe("one");
        new ProjectLocator(Records, "/elsewhere").Find("one").Name.ShouldBe("one");
        new ProjectLocator(Records, "/src").Find("./one/").Name.ShouldBe("one");
    }

    [Fact]
    public void Nothing_launched_is_wrong_usage_with_a_hint() =>
        Should.Throw<LaunchException>(() => new ProjectLocator(Records, "/").Find(null)).ExitCode.ShouldBe(2);

    [Fact]
    public void A_damaged_record_does_not_hide_the_others()
    {
        Launched("one", "/src/one");
        File.WriteAllText(Path.Combine(Records.Folder, "two.json"), "{ not json");

        Records.All.ShouldHaveSingleItem().Name.ShouldBe("one");
    }
}

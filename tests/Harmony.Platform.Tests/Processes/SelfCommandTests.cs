using Harmony.Platform.Processes;

namespace Harmony.Platform.Tests.Processes;

public sealed class SelfCommandTests
{
    [Fact]
    public void A_program_of_its_own_is_run_as_it_is() => SelfCommand.Create("/opt/harmony", ["harmony", "up"]).ToString().ShouldBe("/opt/harmony");

    [Fact]
    public void Under_dotnet_the_entry_assembly_comes_first() =>
        SelfCommand.Create("/usr/bin/dotnet", ["/opt/harmony.dll", "up"]).ToString().ShouldBe("/usr/bin/dotnet /opt/harmony.dll");

    [Fact]
    public void A_system_that_hides_the_program_is_an_error() => Should.Throw<ProcessException>(() => SelfCommand.Create(null, []));
}

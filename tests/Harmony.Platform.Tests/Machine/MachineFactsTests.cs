using System.Runtime.InteropServices;
using Harmony.Platform.Machine;

namespace Harmony.Platform.Tests.Machine;

public sealed class MachineFactsTests
{
    [Theory]
    [InlineData(Architecture.X64, "amd64")]
    [InlineData(Architecture.Arm64, "arm64")]
    [InlineData(Architecture.RiscV64, "riscv64")]
    public void Architectures_have_the_names_that_releases_and_images_use(Architecture architecture, string name) =>
        MachineFacts.GoName(architecture).ShouldBe(name);
}

using Harmony.Platform.Privileges;
using Rights = Harmony.Platform.Privileges.Privileges;

namespace Harmony.Platform.Tests.Privileges;

public sealed class PrivilegesTests
{
    [Fact]
    public void Capabilities_are_read_from_the_kernels_bits()
    {
        var rights = new Rights(true, Rights.ParseStatus("Name:\tx\nCapPrm:\t0\nCapEff:\t0000000000201000\n"));

        rights.Has(Capability.SysAdmin).ShouldBeTrue();
        rights.Has(Capability.NetAdmin).ShouldBeTrue();
        rights.Has(Capability.SysResource).ShouldBeFalse();
    }

    [Fact]
    public void A_status_without_them_means_none() => Rights.ParseStatus("garbage").ShouldBe(0UL);

    [Fact]
    public void This_process_knows_whether_it_is_root() => Rights.Read().IsRoot.ShouldBe(Environment.IsPrivilegedProcess);
}

using Harmony.Platform.Files;

namespace Harmony.Platform.Tests.Files;

public sealed class MountTableTests
{
    [Fact]
    public void Escaped_characters_of_mount_points_are_read()
    {
        var table = MountTable.Parse("36 35 98:0 / /mnt/my\\040disk\\134é rw,noatime master:1 - ext3 /dev/root rw\n22 1 0:1 / / rw - rootfs rootfs rw\n");

        table.Points.ShouldBe(["/mnt/my disk\\é", "/"]);
    }

    [Fact]
    public void Only_mounts_at_and_below_a_folder_belong_to_it()
    {
        var table = MountTable.Parse("1 1 0:1 / /no-such/a rw\n2 1 0:1 / /no-such/a/b rw\n3 1 0:1 / /no-such/ab rw\n4 1 0:1 / / rw\n");

        table.Below("/no-such/a").Order(StringComparer.Ordinal).ShouldBe(["/no-such/a", "/no-such/a/b"]);
    }
}

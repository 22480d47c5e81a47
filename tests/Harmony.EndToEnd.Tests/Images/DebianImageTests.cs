using System.Text.RegularExpressions;
using Harmony.Platform.Processes;
using Harmony.Testing;
using Harmony.Testing.Images;

namespace Harmony.EndToEnd.Tests.Images;

public sealed partial class DebianImageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("busybox:1", "busybox true")]
    [InlineData("busybox:1", "wget -q -O- http://127.0.0.1:1/; test $? -eq 1")]
    [InlineData("redis:7", "redis-server --version")]
    [InlineData("python:3.11-slim", "python3 -c 'import http.server,json,socket'")]
    [InlineData("nginx:1", "nginx -v")]
    public async Task The_program_of_an_image_runs_with_nothing_but_its_own_files(string name, string command)
    {
        Assert.SkipUnless(DebianImage.Missing is null, $"Images cannot be made here: {DebianImage.Missing}");
        using var root = new TemporaryFolder();
        var image = await ShopImages.All[name](Cancellation);
        var layer = image.Blobs.Values.MaxBy(b => b.Length)!;
        var archive = root.File("layer.tar");
        await File.WriteAllBytesAsync(archive, layer, Cancellation);
        await new CommandRunner().RunAsync(Command.Of("tar", "-xf", archive, "-C", root.Path), Cancellation);

        var result = await new CommandRunner().TryRunAsync(Command.Of("chroot", root.Path, "/bin/sh", "-c", command), Cancellation);

        result.ExitCode.ShouldBe(0, result.Output + result.Error);
    }

    [Fact]
    public void Every_image_that_the_shop_names_is_made_here()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Harmony.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var named = Directory.GetFiles(Path.Combine(folder, "examples", "shop"), "*.yaml", SearchOption.AllDirectories)
            .SelectMany(f => ImageLine().Matches(File.ReadAllText(f)).Select(m => m.Groups["image"].Value))
            .Distinct()
            .Order(StringComparer.Ordinal);

        named.ShouldBe(ShopImages.All.Keys.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^\s*(?:- )?image: (?:docker\.io/library/)?(?<image>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ImageLine();
}

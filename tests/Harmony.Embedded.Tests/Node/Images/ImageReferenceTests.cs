using Harmony.Embedded.Node.Images;

namespace Harmony.Embedded.Tests.Node.Images;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("redis", "docker.io/library/redis:latest")]
    [InlineData("redis:7", "docker.io/library/redis:7")]
    [InlineData("acme/shop", "docker.io/acme/shop:latest")]
    [InlineData("docker.io/redis", "docker.io/library/redis:latest")]
    [InlineData("index.docker.io/library/redis:7", "docker.io/library/redis:7")]
    [InlineData("ghcr.io/a/b/c:1.0", "ghcr.io/a/b/c:1.0")]
    [InlineData("localhost/x", "localhost/x:latest")]
    [InlineData("localhost:5000/x:v1", "localhost:5000/x:v1")]
    [InlineData("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest")]
    [InlineData("[::1]:5000/a", "[::1]:5000/a:latest")]
    [InlineData("redis@" + Digest, "docker.io/library/redis@" + Digest)]
    [InlineData("redis:7@" + Digest, "docker.io/library/redis:7@" + Digest)]
    [InlineData("a__b/c-d.e", "docker.io/a__b/c-d.e:latest")]
    public void A_reference_is_normalised_as_containerd_does(string text, string full) => ImageReference.Parse(text).ToString().ShouldBe(full);

    [Theory]
    [InlineData("Acme/Shop:1.4", "invalid reference format: repository name (Shop) must be lowercase")]
    [InlineData("acme/My_Shop:1.4:5", "invalid reference format: repository name (acme/My_Shop) must be lowercase")]
    [InlineData("acme/shop:1.4:5", "invalid reference format")]
    [InlineData("", "invalid reference format")]
    [InlineData(" redis", "invalid reference format")]
    [InlineData("redis\n", "invalid reference format")]
    [InlineData("a//b", "invalid reference format")]
    [InlineData("redis:", "invalid reference format")]
    [InlineData("redis@sha256:12", "invalid reference format")]
    [InlineData("https://ghcr.io/a/b", "invalid reference format")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "invalid repository name (0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef), cannot specify 64-byte hexadecimal strings")]
    public void What_is_no_reference_is_refused_in_the_kubelets_words(string text, string reason)
    {
        var error = Should.Throw<ImageException>(() => ImageReference.Parse(text));

        error.Code.ShouldBe(ImageError.InvalidImageName);
        error.Message.ShouldBe($"Failed to apply default image tag \"{text}\": couldn't parse image name \"{text}\": {reason}");
    }

    [Fact]
    public void A_name_that_is_too_long_is_refused() =>
        Should.Throw<ImageException>(() => ImageReference.Parse("ghcr.io/" + new string('a', 300))).Message.ShouldContain("must not be more than 255 characters");
}

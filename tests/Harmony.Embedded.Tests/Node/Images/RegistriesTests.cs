using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Images.Registry;

namespace Harmony.Embedded.Tests.Node.Images;

public sealed class RegistriesTests
{
    [Fact]
    public void Mirrors_come_before_the_registry_with_their_rewrites()
    {
        var registries = Registries.Parse("""
            mirrors:
              docker.io:
                endpoint:
                  - "https://mirror.example.com:5000"
                  - "http://other.example.com/v2/proxy"
                rewrite:
                  "^library/(.*)": "cache/$1"
            """);

        var endpoints = registries.EndpointsOf("docker.io", "library/redis");

        endpoints.Select(e => e.Of("manifests", "7").ToString()).ShouldBe(
        [
            "https://mirror.example.com:5000/v2/cache/redis/manifests/7?ns=docker.io",
            "http://other.example.com/v2/proxy/cache/redis/manifests/7?ns=docker.io",
            "https://registry-1.docker.io/v2/library/redis/manifests/7",
        ]);
    }

    [Fact]
    public void The_star_is_a_mirror_of_all_that_have_none()
    {
        var registries = Registries.Parse("""{"mirrors":{"*":{"endpoint":["https://all.example.com"]},"ghcr.io":{"endpoint":["https://g.example.com"]}}}""");

        registries.EndpointsOf("quay.io", "a/b").Select(e => e.Url.Host).ShouldBe(["all.example.com", "quay.io"]);
        registries.EndpointsOf("ghcr.io", "a/b").Select(e => e.Url.Host).ShouldBe(["g.example.com", "ghcr.io"]);
    }

    [Fact]
    public void Credentials_and_certificates_are_those_of_the_endpoint()
    {
        var registries = Registries.Parse("""
            configs:
              "registry.example.com:5000":
                auth:
                  username: me
                  password: secret
                tls:
                  ca_file: /etc/ca.pem
                  insecure_skip_verify: true
              docker.io:
                auth:
                  auth: dTpwOnc=
            """);

        var own = registries.EndpointsOf("registry.example.com:5000", "a").ShouldHaveSingleItem();
        own.Credential.ShouldBe(new RegistryCredential("me", "secret"));
        own.Tls.ShouldBe(new RegistryTls { CertificateAuthority = "/etc/ca.pem", SkipVerify = true });
        registries.EndpointsOf("docker.io", "a").Single().Credential.ShouldBe(new RegistryCredential("u", "p:w"));
        registries.EndpointsOf("ghcr.io", "a").Single().Credential.ShouldBeNull();
    }

    [Theory]
    [InlineData("localhost:5000")]
    [InlineData("127.3.2.1:5000")]
    public void A_registry_on_this_machine_is_spoken_to_without_TLS_first(string host)
    {
        var endpoints = Registries.None.EndpointsOf(host, "a");

        endpoints[0].Url.Scheme.ShouldBe("http");
        endpoints[1].Url.Scheme.ShouldBe("https");
        endpoints[1].IsFallback.ShouldBeTrue();
    }

    [Theory]
    [InlineData("mirrors: [a]")]
    [InlineData("mirrors: {docker.io: 3}")]
    [InlineData("just text")]
    [InlineData("mirrors: {docker.io: {rewrite: {\"(\": x}}}")]
    public void What_is_malformed_is_refused(string yaml) => Should.Throw<FormatException>(() => Registries.Parse(yaml));

    [Theory]
    [InlineData("""{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}}""", "redis", "u")]
    [InlineData("""{"auths":{"ghcr.io":{"username":"u","password":"p"}}}""", "ghcr.io/a/b", "u")]
    [InlineData("""{"auths":{"ghcr.io":{"username":"u","password":"p"},"ghcr.io/a":{"username":"special","password":"p"}}}""", "ghcr.io/a/b", "special")]
    [InlineData("""{"auths":{"ghcr.io/a":{"username":"u","password":"p"}}}""", "ghcr.io/ab/c", null)]
    [InlineData("""{"auths":{"*.example.com":{"username":"u","password":"p"}}}""", "r.example.com/a", "u")]
    [InlineData("""{"auths":{"*.example.com":{"username":"u","password":"p"}}}""", "a.b.example.com/a", null)]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"not base64"}}}""", "ghcr.io/a/b", null)]
    public void Pull_secrets_are_matched_as_the_kubelet_does(string secret, string image, string? user) =>
        RegistryCredential.Matching([JsonNode.Parse(secret)!.AsObject()], ImageReference.Parse(image)).Select(c => c.User).FirstOrDefault().ShouldBe(user);

    [Fact]
    public void A_credential_does_not_print_its_secret() => new RegistryCredential("me", "hush", "hush").ToString().ShouldNotContain("hush");
}

using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Images;
using Harmony.Testing;
using Harmony.Testing.Images;

namespace Harmony.Embedded.Tests.Node.Images;

public sealed class PullTests : IDisposable
{
    private readonly ImageStoreBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task An_image_is_pulled_and_known_by_all_its_names_also_after_a_restart()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some().WithEntrypoint("/bin/app").WithCommand("--serve").WithEnvironment("A=1").WithUser("1000:1000").WithWorkingFolder("/srv").WithStopSignal("SIGINT").Build();
        var reference = registry.Add("acme/app", "1", built);

        var image = await PullAsync(_bed.Open(), reference);

        image.Id.ShouldBe(built.ConfigDigest);
        image.Digest.ShouldBe(built.Digest);
        image.Reference.ShouldBe(reference);
        image.Names.ShouldBe([reference, $"{registry.Host}/acme/app@{built.Digest}"]);
        image.Config.Entrypoint.ShouldBe(["/bin/app"]);
        image.Config.Command.ShouldBe(["--serve"]);
        image.Config.Environment.ShouldBe(["A=1"]);
        image.Config.User.ShouldBe("1000:1000");
        image.Config.WorkingFolder.ShouldBe("/srv");
        image.Config.StopSignal.ShouldBe("SIGINT");
        var again = _bed.Open();
        foreach (var name in (string[])[reference, $"{registry.Host}/acme/app@{built.Digest}", image.Id, image.Id[7..]])
        {
            again.Find(name)!.Id.ShouldBe(image.Id);
        }

        again.Find($"{registry.Host}/acme/other@{built.Digest}").ShouldBeNull();
        again.All.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_here_already_is_not_fetched_again()
    {
        await using var registry = await RegistryServer.StartAsync();
        var reference = registry.Add("acme/app", "1", Some().Build());
        var store = _bed.Open();
        await PullAsync(store, reference);
        registry.Requests.Clear();

        await PullAsync(store, reference);

        registry.Requests.ShouldBe(["HEAD /v2/acme/app/manifests/1"]);
    }

    [Fact]
    public async Task Concurrent_pulls_of_one_image_are_one()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some().Build();
        var reference = registry.Add("acme/app", "1", built);
        var store = _bed.Open();

        var images = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PullAsync(store, reference)));

        images.Select(i => i.Id).Distinct().ShouldHaveSingleItem();
        registry.Requests.Count(r => r.StartsWith("GET", StringComparison.Ordinal)).ShouldBe(built.Blobs.Count);
    }

    [Fact]
    public async Task Of_an_index_this_machines_platform_is_taken()
    {
        await using var registry = await RegistryServer.StartAsync();
        var mine = Some().Build();
        var index = ImageBuilder.BuildIndex(("linux", "mips64le", Some("other").WithPlatform("linux", "mips64le").Build()), ("linux", ImageBuilder.NativeArchitecture, mine));

        var image = await PullAsync(_bed.Open(), registry.Add("acme/app", "1", index));

        image.Id.ShouldBe(mine.ConfigDigest);
        image.Digest.ShouldBe(index.Digest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_image_for_other_machines_is_refused(bool inIndex)
    {
        await using var registry = await RegistryServer.StartAsync();
        var foreign = Some().WithPlatform("linux", "mips64le").Build();
        var reference = registry.Add("acme/app", "1", inIndex ? ImageBuilder.BuildIndex(("linux", "mips64le", foreign)) : foreign);

        (await FailAsync(reference)).ShouldBe($"rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": no match for platform in manifest: not found");
    }

    [Fact]
    public async Task A_tag_that_is_not_there_is_NotFound_in_containerds_words()
    {
        await using var registry = await RegistryServer.StartAsync();
        var reference = $"{registry.Host}/acme/shop:9.99.9";

        (await FailAsync(reference)).ShouldBe($"rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": {reference}: not found");
    }

    [Theory]
    [InlineData(403, "403 Forbidden")]
    [InlineData(429, "429 Too Many Requests")]
    [InlineData(500, "500 Internal Server Error")]
    [InlineData(503, "503 Service Unavailable")]
    public async Task What_a_registry_answers_is_said_in_containerds_words(int status, string words)
    {
        await using var registry = await RegistryServer.StartAsync();
        registry.Fault = context => RegistryServer.AnswerAsync(context, status);
        var reference = $"{registry.Host}/acme/shop:1.4";

        (await FailAsync(reference)).ShouldBe($"failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": pulling from host {registry.Host} failed with status code [manifests 1.4]: {words}");
    }

    [Fact]
    public async Task A_rate_limit_while_fetching_quotes_the_server()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some().Build();
        var reference = registry.Add("acme/popular", "1.0", built);
        registry.Fault = context => HttpMethodIsGet(context.Request.Method)
            ? RegistryServer.AnswerAsync(context, 429, """{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit."}]}""")
            : Task.FromResult(false);

        (await FailAsync(reference)).ShouldBe(
            $"failed to pull and unpack image \"{reference}\": failed to copy: httpReadSeeker: failed open: unexpected status code http://{registry.Host}/v2/acme/popular/manifests/{built.Digest}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.");
    }

    [Fact]
    public async Task A_token_is_fetched_with_the_pods_secret()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.Token });
        var reference = registry.Add("acme/private", "1", Some().Build());

        var image = await _bed.Open().PullAsync(reference, [Secret(registry.Host, "wrong", "x"), Secret(registry.Host, "user", "pass:word")], TestContext.Current.CancellationToken);

        image.Reference.ShouldBe(reference);
    }

    [Fact]
    public async Task Credentials_of_registries_yaml_open_a_registry_with_basic_authentication()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.Basic });
        var reference = registry.Add("acme/private", "1", Some().Build());
        await File.WriteAllTextAsync(_bed.RegistriesFile, $$$$$"""{"configs":{"{{{{{registry.Host}}}}}":{"auth":{"username":"user","password":"pass:word"}}}}""");

        (await PullAsync(_bed.Open(), reference)).Reference.ShouldBe(reference);
    }

    [Fact]
    public async Task A_token_for_everybody_needs_no_credentials()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.AnonymousToken });

        (await PullAsync(_bed.Open(), registry.Add("acme/public", "1", Some().Build()))).ShouldNotBeNull();
    }

    [Fact]
    public async Task Without_credentials_the_refusals_are_containerds()
    {
        await using var basic = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.Basic });
        await using var token = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.Token });
        await using var hub = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.AnonymousTokenWithoutScope });

        (await FailAsync($"{basic.Host}/a/b:1")).ShouldEndWith($"pulling from host {basic.Host} failed with status code [manifests 1]: 401 Unauthorized");
        (await FailAsync($"{token.Host}/a/b:1")).ShouldEndWith("failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden");
        (await FailAsync($"{hub.Host}/a/b:1")).ShouldEndWith("pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed");
    }

    [Fact]
    public async Task A_redirect_to_another_host_gets_no_credentials()
    {
        await using var storage = await RegistryServer.StartAsync();
        await using var registry = await RegistryServer.StartAsync(new() { Authentication = RegistryAuthentication.AnonymousToken });
        var built = Some().Build();
        storage.Add("acme/app", "1", built);
        registry.Fault = context =>
        {
            if (!context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
            {
                return Task.FromResult(false);
            }

            context.Response.Redirect($"http://{storage.Host}{context.Request.Path}?signature=secret");
            return Task.FromResult(true);
        };

        await PullAsync(_bed.Open(), registry.Add("acme/app", "1", built));

        storage.Requests.ShouldNotBeEmpty();
        storage.Authorizations.ShouldAllBe(a => a.Length == 0);
    }

    [Fact]
    public async Task A_broken_download_goes_on_where_it_ended()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some(new string('x', 10) + string.Concat(Enumerable.Range(0, 50_000))).Build();
        var layer = built.Blobs.MaxBy(b => b.Value.Length);
        var reference = registry.Add("acme/app", "1", built);
        var ranges = new List<string>();
        registry.Fault = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith(layer.Key, StringComparison.Ordinal))
            {
                return false;
            }

            lock (ranges)
            {
                ranges.Add(context.Request.Headers.Range.ToString());
            }

            return ranges.Count == 1 && await registry.TruncateAsync(context, layer.Key, 10_000);
        };

        (await PullAsync(_bed.Open(), reference)).Id.ShouldBe(built.ConfigDigest);

        ranges.Count.ShouldBe(2);
        ranges[0].ShouldBe("");
        ranges[1].ShouldStartWith("bytes=");
    }

    [Fact]
    public async Task Wrong_bytes_are_refused_and_not_kept()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some().Build();
        var layer = Layer(built);
        var reference = registry.Add("acme/app", "1", built);
        registry.Spoil(layer, new byte[built.Blobs[layer].Length]);
        var store = _bed.Open();

        (await FailAsync(reference, store)).ShouldContain($"expected {layer}");
        registry.Spoil(layer, built.Blobs[layer]);

        (await PullAsync(store, reference)).Id.ShouldBe(built.ConfigDigest);
    }

    [Fact]
    public async Task More_bytes_than_the_manifest_says_are_refused()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = Some().Build();
        registry.Spoil(Layer(built), new byte[1_000_000]);
        var reference = registry.Add("acme/app", "1", built);
        registry.Spoil(Layer(built), new byte[1_000_000]);

        (await FailAsync(reference)).ShouldContain("more than the");
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("GET")]
    public async Task A_registry_that_accepts_and_never_answers_is_given_up(string method)
    {
        await using var registry = await RegistryServer.StartAsync();
        var reference = registry.Add("acme/slow", "1", Some().Build());
        registry.Fault = context => context.Request.Method == method ? registry.StallAsync(context) : Task.FromResult(false);
        var impatient = new Embedded.Node.Images.Registry.RegistryTimeouts(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(1));

        (await FailAsync(reference, _bed.Open(timeouts: impatient))).ShouldContain("timeout awaiting response headers");
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_ends_at_once()
    {
        await using var registry = await RegistryServer.StartAsync();
        var reference = registry.Add("acme/slow", "1", Some().Build());
        registry.Fault = registry.StallAsync;
        using var cancellation = new CancellationTokenSource();
        var pull = _bed.Open().PullAsync(reference, [], cancellation.Token);
        await Eventually.Async(() => !registry.Requests.IsEmpty);

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => pull.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_registry_that_is_not_there_refuses_the_connection()
    {
        var port = Wasm.WasmBed.FreePort();

        (await FailAsync($"localhost:{port}/acme/shop:1.4")).ShouldBe(
            $"failed to pull and unpack image \"localhost:{port}/acme/shop:1.4\": failed to resolve reference \"localhost:{port}/acme/shop:1.4\": failed to do request: Head \"http://localhost:{port}/v2/acme/shop/manifests/1.4\": dial tcp 127.0.0.1:{port}: connect: connection refused");
    }

    [Fact]
    public async Task A_host_without_an_address_is_said_as_Go_does() =>
        (await FailAsync("registry.invalid/acme/shop:1.4")).ShouldContain("failed to do request: Head \"https://registry.invalid/v2/acme/shop/manifests/1.4\": dial tcp: lookup registry.invalid: ");

    [Fact]
    public async Task A_certificate_nobody_knows_is_refused_and_its_authority_or_skipping_opens_it()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Tls = true });
        var port = registry.Host.Split(':')[1];
        registry.Add("acme/app", "1", Some().Build());
        var mirrored = $"mirrored.example.com/acme/app:1";
        var authority = Path.Combine(_bed.Folder, "ca.pem");
        await File.WriteAllTextAsync(authority, registry.Certificate);
        var store = _bed.Open();
        async Task ConfigureAsync(string tls) => await File.WriteAllTextAsync(_bed.RegistriesFile, $$$$$$"""{"mirrors":{"mirrored.example.com":{"endpoint":["https://127.0.0.1:{{{{{{port}}}}}}"]}},"configs":{"127.0.0.1:{{{{{{port}}}}}}":{"tls":{{{{{{tls}}}}}}}}}""");

        await ConfigureAsync($$"""{"ca_file":"{{authority}}"}""");
        (await PullAsync(store, mirrored)).Reference.ShouldBe(mirrored);
        await ConfigureAsync("""{"insecure_skip_verify":true}""");
        (await PullAsync(store, mirrored)).Reference.ShouldBe(mirrored);
        await ConfigureAsync("{}");
        (await FailAsync(mirrored, store)).ShouldContain("x509: certificate signed by unknown authority");
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_or_for_another_name_is_x509()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Tls = true, CertificateName = "www.example.net" });
        var other = Path.Combine(_bed.Folder, "cert.pem");
        await File.WriteAllTextAsync(other, registry.Certificate);
        var reference = $"{registry.Host}/acme/app:1";
        registry.Add("acme/app", "1", Some().Build());

        // Any certificate setting makes a registry on loopback be judged as others are.
        await File.WriteAllTextAsync(_bed.RegistriesFile, $$$$$$"""{"configs":{"{{{{{{registry.Host}}}}}}":{"tls":{"ca_file":"{{{{{{other}}}}}}"}}}}""");

        (await FailAsync(reference)).ShouldContain("x509: certificate");
    }

    [Fact]
    public async Task A_registry_with_TLS_on_this_machine_is_found_behind_plain_http()
    {
        await using var registry = await RegistryServer.StartAsync(new() { Tls = true });

        (await PullAsync(_bed.Open(), registry.Add("acme/app", "1", Some().Build()))).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_mirror_that_fails_is_passed_over()
    {
        await using var registry = await RegistryServer.StartAsync();
        var reference = registry.Add("acme/app", "1", Some().Build());
        await File.WriteAllTextAsync(_bed.RegistriesFile, $$$$$$"""{"mirrors":{"{{{{{{registry.Host}}}}}}":{"endpoint":["http://127.0.0.1:{{{{{{Wasm.WasmBed.FreePort()}}}}}}"]}}}""");

        (await PullAsync(_bed.Open(), reference)).Reference.ShouldBe(reference);
    }

    [Theory]
    [InlineData("application/wasm")]
    [InlineData("application/vnd.wasm.content.layer.v1+wasm")]
    [InlineData("text/vnd.harmony.wat")]
    public async Task A_WebAssembly_artifact_has_its_module(string mediaType)
    {
        await using var registry = await RegistryServer.StartAsync();
        var module = "(module)"u8.ToArray();
        var store = _bed.Open();

        var image = await PullAsync(store, registry.Add("acme/wasm", "1", ImageBuilder.BuildModule(module, mediaType)));

        (await File.ReadAllBytesAsync(store.FindModule(image)!)).ShouldBe(module);
    }

    [Fact]
    public async Task A_module_inside_an_ordinary_image_is_found()
    {
        await using var registry = await RegistryServer.StartAsync();
        var built = new ImageBuilder().WithPlatform("wasip1", "wasm").WithFiles(("app/other.wasm", "no")).WithFiles(("app/main.wasm", "yes")).WithEntrypoint("/app/main.wasm").Build();
        var store = _bed.Open();

        var image = await PullAsync(store, registry.Add("acme/wasm", "1", built));

        (await File.ReadAllTextAsync(store.FindModule(image)!)).ShouldBe("yes");
        store.FindModule(await PullAsync(store, registry.Add("acme/ordinary", "1", Some().Build()))).ShouldBeNull();
    }

    [Theory]
    [InlineData("{}", "no config")]
    [InlineData("[]", "no JSON object")]
    [InlineData("not json", "no JSON")]
    [InlineData("""{"schemaVersion":1}""", "schema 1")]
    [InlineData("""{"config":{"digest":"sha256:../../etc/passwd","size":1},"layers":[]}""", "no sha256 digest")]
    public async Task A_manifest_that_is_malformed_is_refused(string manifest, string reason)
    {
        await using var registry = await RegistryServer.StartAsync();
        var content = Encoding.UTF8.GetBytes(manifest);
        var digest = ImageBuilder.Digest(content);
        var reference = registry.Add("acme/bad", "1", new(new Dictionary<string, byte[]>(StringComparer.Ordinal) { [digest] = content }, digest, "application/vnd.oci.image.manifest.v1+json") { ConfigDigest = digest });

        (await FailAsync(reference)).ShouldContain(reason);
    }

    private static bool HttpMethodIsGet(string method) => method == "GET";

    private static ImageBuilder Some(string text = "content") => new ImageBuilder().WithFiles(("etc/file", text));

    private static string Layer(BuiltImage image) => image.Blobs.Keys.First(k => k != image.ConfigDigest && k != image.Digest);

    private static Task<Image> PullAsync(ImageStore store, string reference) => store.PullAsync(reference, [], TestContext.Current.CancellationToken);

    private static JsonObject Secret(string host, string user, string password) =>
        new() { ["auths"] = new JsonObject { [host] = new JsonObject { ["username"] = user, ["password"] = password } } };

    private async Task<string> FailAsync(string reference, ImageStore? store = null)
    {
        var error = await Should.ThrowAsync<ImageException>(() => PullAsync(store ?? _bed.Open(), reference).WaitAsync(TimeSpan.FromSeconds(60)));
        error.Code.ShouldBe(ImageError.ErrImagePull);
        return error.Message;
    }
}

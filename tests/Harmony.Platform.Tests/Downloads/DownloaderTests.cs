using System.Net;
using Harmony.Platform.Downloads;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Downloads;

public sealed class DownloaderTests : IAsyncLifetime
{
    private static readonly DownloadSettings Quick = new() { FirstPause = TimeSpan.FromMilliseconds(1), StallTimeout = TimeSpan.FromSeconds(20), Retries = 2 };

    private readonly TemporaryFolder folder = new();
    private ReleaseServer server = null!;

    private string Destination => folder.File("bin/tool");

    private Download File => new(server.Address, Destination, server.Sha256);

    public async ValueTask InitializeAsync() => server = await ReleaseServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_file_arrives_whole_and_nothing_else_stays()
    {
        var told = new List<DownloadProgress>();

        await FetchAsync(File with { Executable = true }, progress: new Listener(told.Add));

        System.IO.File.ReadAllBytes(Destination).ShouldBe(server.Content);
        Directory.GetFiles(folder.File("bin")).ShouldBe([Destination]);
        told[^1].ShouldBe(new DownloadProgress(server.Content.Length, server.Content.Length));
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.GetUnixFileMode(Destination).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_fetched_again()
    {
        await FetchAsync(File);
        await FetchAsync(File);

        server.Ranges.Count.ShouldBe(1);
    }

    [Fact]
    public async Task After_a_broken_connection_only_the_rest_is_fetched()
    {
        server.Faults.Enqueue(c => server.BreakAfterAsync(c, 100_000));

        await FetchAsync(File);

        System.IO.File.ReadAllBytes(Destination).ShouldBe(server.Content);
        server.Ranges[1].ShouldMatch("^bytes=[1-9][0-9]*-$");
    }

    [Fact]
    public async Task Another_run_goes_on_where_an_earlier_one_ended()
    {
        server.Faults.Enqueue(c => server.BreakAfterAsync(c, 100_000));
        await FailAsync(File, Quick with { Retries = 0 });
        System.IO.File.Exists(Destination).ShouldBeFalse();

        await FetchAsync(File);

        server.Ranges[1].ShouldStartWith("bytes=");
    }

    [Fact]
    public async Task When_the_content_has_changed_meanwhile_all_of_it_is_fetched()
    {
        server.Faults.Enqueue(c => server.BreakAfterAsync(c, 100_000));
        await FailAsync(File, Quick with { Retries = 0 });
        server.Content = [.. server.Content.Reverse()];
        server.Tag = "\"two\"";

        await FetchAsync(File);

        System.IO.File.ReadAllBytes(Destination).ShouldBe(server.Content);
    }

    [Fact]
    public async Task A_server_that_mixes_two_versions_is_asked_for_the_whole_again()
    {
        server.Faults.Enqueue(c => server.BreakAfterAsync(c, 100_000));
        await FailAsync(File, Quick with { Retries = 0 });
        server.Content = [.. server.Content.Reverse()];

        await FetchAsync(File);

        System.IO.File.ReadAllBytes(Destination).ShouldBe(server.Content);
        server.Ranges[^1].ShouldBeEmpty();
    }

    [Fact]
    public async Task Wrong_bytes_are_deleted_and_both_checksums_told()
    {
        var error = await FailAsync(File with { Sha256 = new string('a', 64), Executable = true });

        error.Code.ShouldBe(DownloadError.ChecksumMismatch);
        error.Message.ShouldContain(server.Sha256);
        error.Message.ShouldContain(new string('a', 64));
        Directory.GetFiles(folder.File("bin")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_stalls_is_given_up_and_asked_again()
    {
        server.Faults.Enqueue(c => server.StallAfterAsync(c, 50_000));

        await FetchAsync(File, Quick with { StallTimeout = TimeSpan.FromSeconds(1) });

        server.Ranges.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_only_stalls_is_an_error()
    {
        server.Faults.Enqueue(c => server.StallAfterAsync(c, 50_000));

        (await FailAsync(File, Quick with { StallTimeout = TimeSpan.FromMilliseconds(300), Retries = 0 })).Code.ShouldBe(DownloadError.Stalled);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(408)]
    [InlineData(416)]
    public async Task What_passes_is_tried_again(int status)
    {
        server.Faults.Enqueue(c => ReleaseServer.Status(c, status));

        await FetchAsync(File);

        server.Ranges.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(404, DownloadError.NotFound)]
    [InlineData(401, DownloadError.Refused)]
    [InlineData(403, DownloadError.Refused)]
    public async Task What_stays_is_not_tried_again(int status, DownloadError code)
    {
        server.Faults.Enqueue(c => ReleaseServer.Status(c, status));

        var error = await FailAsync(File);

        error.Code.ShouldBe(code);
        error.Message.ShouldContain($"{status}");
        server.Ranges.Count.ShouldBe(1);
    }

    [Fact]
    public async Task More_bytes_than_allowed_are_refused()
    {
        (await FailAsync(File with { MaxBytes = 1000 })).Code.ShouldBe(DownloadError.TooLarge);

        System.IO.File.Exists(Destination).ShouldBeFalse();
    }

    [Fact]
    public async Task A_mirror_stands_in_for_the_addresses_that_it_has()
    {
        var mirror = new Mirror("https://releases.example.com/", server.Address.GetLeftPart(UriPartial.Authority));

        await FetchAsync(File with { Source = new("https://releases.example.com/tool") }, Quick with { Mirrors = [mirror] });

        System.IO.File.Exists(Destination).ShouldBeTrue();
        Mirror.Rewrite(new("https://other.example.com/x"), [mirror]).ShouldBe(new Uri("https://other.example.com/x"));
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_told_with_its_issuer_and_the_bundle_helps()
    {
        await using var secure = await ReleaseServer.StartAsync(tls: true);
        var file = new Download(secure.Address, Destination, secure.Sha256);

        var error = await FailAsync(file);
        error.Code.ShouldBe(DownloadError.Untrusted);
        error.Message.ShouldContain("A company that looks into everything");
        error.Hint!.ShouldContain("HARMONY_CA_BUNDLE");

        var bundle = folder.Write("ca.pem", secure.Certificate!.ExportCertificatePem());
        await FetchAsync(file, environment: name => name == "HARMONY_CA_BUNDLE" ? bundle : null);
        System.IO.File.Exists(Destination).ShouldBeTrue();
    }

    [Fact]
    public void A_bundle_that_cannot_be_read_is_named()
    {
        var error = Should.Throw<DownloadException>(() => new HttpConnections(name => name == "SSL_CERT_FILE" ? "/no/such.pem" : null));

        error.Message.ShouldContain("/no/such.pem (SSL_CERT_FILE)");
    }

    [Fact]
    public async Task A_proxy_that_does_not_answer_is_named_without_its_password()
    {
        var proxy = new WebProxy("http://user:secret@127.0.0.1:1", BypassOnLocal: false);
        using var downloader = new Downloader(new HttpConnections(_ => null, proxy), Quick with { Retries = 0 });

        var error = await Should.ThrowAsync<DownloadException>(() =>
            downloader.DownloadAsync(new(new("http://releases.example.com/tool?token=hidden"), Destination, server.Sha256), null, CancellationToken.None));

        error.Code.ShouldBe(DownloadError.Unreachable);
        error.Message.ShouldContain("http://127.0.0.1:1");
        error.Message.ShouldNotContain("secret");
        error.Message.ShouldNotContain("hidden");
        error.Hint!.ShouldContain("NO_PROXY");
    }

    [Fact]
    public async Task Cancelling_ends_it_and_keeps_what_has_come()
    {
        server.Faults.Enqueue(c => server.StallAfterAsync(c, 100_000));
        using var stop = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => FetchAsync(File, progress: new Listener(_ => stop.Cancel()), cancellation: stop.Token));

        System.IO.File.Exists(Destination + ".partial").ShouldBeTrue();
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_an_error_of_the_disk()
    {
        folder.Write("file", "");

        (await FailAsync(File with { Destination = folder.File("file/tool") })).Code.ShouldBe(DownloadError.Disk);
    }

    private static async Task FetchAsync(
        Download download,
        DownloadSettings? settings = null,
        IProgress<DownloadProgress>? progress = null,
        Func<string, string?>? environment = null,
        CancellationToken cancellation = default)
    {
        using var downloader = new Downloader(new HttpConnections(environment ?? (_ => null), new WebProxy()), settings ?? Quick);
        await downloader.DownloadAsync(download, progress, cancellation);
    }

    private static Task<DownloadException> FailAsync(Download download, DownloadSettings? settings = null) =>
        Should.ThrowAsync<DownloadException>(() => FetchAsync(download, settings));

    private sealed class Listener(Action<DownloadProgress> tell) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => tell(value);
    }
}

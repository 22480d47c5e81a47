using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Testing;

namespace Harmony.Embedded.Tests.Wasm;

public sealed class HttpWorkloadTests : IAsyncDisposable
{
    private readonly WasmBed _bed = new();
    private readonly HttpClient _client = new();
    private readonly int _port = WasmBed.FreePort();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task The_example_greets_and_shows_the_path_escaped()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root(), "examples", "hello", "hello.wat"));
        await _bed.StartAsync(_bed.Spec(_bed.Write("hello.wat", text.Replace("(i32.const 8080)", $"(i32.const {_port})", StringComparison.Ordinal))));

        using var response = await _client.GetAsync(new Uri($"http://127.0.0.1:{_port}/a%3Cb%3E&%22?q=1"));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        var page = await response.Content.ReadAsStringAsync();
        page.ShouldContain("Hello from WebAssembly");
        page.ShouldContain("<code>/a&lt;b&gt;&amp;&quot;</code>");
    }

    [Fact]
    public async Task The_example_copes_with_an_environment_larger_than_its_memory()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root(), "examples", "hello", "hello.wat"));
        await _bed.StartAsync(_bed.Spec(
            _bed.Write("hello.wat", text.Replace("(i32.const 8080)", $"(i32.const {_port})", StringComparison.Ordinal)),
            environment: ["LARGE=" + new string('x', 200_000)]));

        (await _client.GetStringAsync(new Uri($"http://127.0.0.1:{_port}/here"))).ShouldContain("<code>/here</code>");
    }

    [Fact]
    public async Task The_body_of_a_request_is_standard_input_and_each_request_has_an_instance_of_its_own()
    {
        // Answers what it reads, after a counter that would grow if the memory were shared.
        await ServeAsync("""
            (data (i32.const 100) "Content-Type: text/plain\nX-Count: ")
            (data (i32.const 140) "0\n\n")
            (func (export "_start")
              (local $n i32)
              (i32.store8 (i32.const 140) (i32.add (i32.load8_u (i32.const 140)) (i32.const 1)))
              (call $print (i32.const 1) (i32.const 100) (i32.const 34))
              (call $print (i32.const 1) (i32.const 140) (i32.const 3))
              (loop $l
                (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 1000))
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (local.set $n (i32.load (i32.const 8)))
                (if (local.get $n) (then
                  (call $print (i32.const 1) (i32.const 1024) (local.get $n))
                  (br $l)))))
            """);
        var bodies = Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), 5_000 + i)).ToList();

        var answers = await Task.WhenAll(bodies.Select(async body =>
        {
            using var response = await _client.PostAsync(new Uri($"http://127.0.0.1:{_port}/"), new StringContent(body));
            response.Headers.GetValues("X-Count").ShouldBe(["1"]);
            return await response.Content.ReadAsStringAsync();
        }));

        answers.ShouldBe(bodies);
    }

    [Fact]
    public async Task The_request_is_in_the_environment()
    {
        await ServeAsync(
            """
            (data (i32.const 100) "Content-Type: text/plain\n\n")
            (func (export "_start")
              (drop (call $env_sizes (i32.const 16) (i32.const 20)))
              (drop (call $env (i32.const 1024) (i32.const 4096)))
              (call $print (i32.const 1) (i32.const 100) (i32.const 26))
              (call $print (i32.const 1) (i32.const 4096) (i32.load (i32.const 20))))
            """,
            ["OWN=mine"]);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri($"http://127.0.0.1:{_port}/a/b?x=1&y=%20"));
        request.Content = new StringContent("abc", MediaTypeHeaderValue.Parse("text/csv"));
        request.Headers.Add("X-Mine", "v");
        request.Headers.Add("Proxy", "evil");

        using var response = await _client.SendAsync(request);

        var variables = (await response.Content.ReadAsStringAsync()).Split('\0');
        variables.ShouldBeSubsetOf(variables.Distinct());
        foreach (var expected in (string[])["OWN=mine", "REQUEST_METHOD=PUT", "PATH_INFO=/a/b", "QUERY_STRING=x=1&y=%20", "CONTENT_LENGTH=3", "CONTENT_TYPE=text/csv", "HTTP_X_MINE=v", $"SERVER_PORT={_port}", "SERVER_NAME=127.0.0.1", "REMOTE_ADDR=127.0.0.1", "GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1"])
        {
            variables.ShouldContain(expected);
        }

        variables.ShouldNotContain(v => v.StartsWith("HTTP_PROXY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trap_answers_500_is_in_the_log_and_the_next_request_is_served()
    {
        var id = await ServeAsync("""(func (export "_start") unreachable)""");

        for (var i = 0; i < 2; i++)
        {
            using var response = await _client.GetAsync(new Uri($"http://127.0.0.1:{_port}/broken"));
            response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        }

        string.Join('\n', _bed.Lines(id, "stderr")).ShouldContain("unreachable");
        _bed.Lines(id, "stderr").ShouldContain(l => l.StartsWith("GET /broken:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_without_header_fields_is_500_and_the_log_says_why()
    {
        var id = await ServeAsync("""(data (i32.const 100) "just text\n\n") (func (export "_start") (call $print (i32.const 1) (i32.const 100) (i32.const 11)))""");

        using var response = await _client.GetAsync(new Uri($"http://127.0.0.1:{_port}/"));

        response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        _bed.Lines(id, "stderr").ShouldContain(l => l.Contains("does not answer as a CGI program", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413()
    {
        await ServeAsync("""(func (export "_start"))""");

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{_port}/"));
        request.Content = new ByteArrayContent(new byte[11 * 1024 * 1024]);
        request.Headers.ExpectContinue = true;

        using var response = await _client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task The_declared_port_is_served_too()
    {
        var declared = WasmBed.FreePort();
        await _bed.StartAsync(_bed.Spec(
            Module("""(data (i32.const 100) "Status: 204\n\n") (func (export "_start") (call $print (i32.const 1) (i32.const 100) (i32.const 13)))"""),
            new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = declared }) }));

        foreach (var port in (int[])[_port, declared])
        {
            using var response = await _client.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }
    }

    [Fact]
    public async Task SIGTERM_ends_a_server_as_completed_and_frees_its_port()
    {
        var id = await ServeAsync("""(func (export "_start"))""");

        await _bed.Runtime.SignalAsync(id, "SIGTERM", default);

        (await _bed.WaitAsync(id)).ExitCode.ShouldBe(0);
        await Should.ThrowAsync<HttpRequestException>(() => _client.GetAsync(new Uri($"http://127.0.0.1:{_port}/")));
    }

    [Fact]
    public async Task SIGKILL_ends_a_server_whose_request_never_ends()
    {
        var id = await ServeAsync("""(data (i32.const 100) "in\n") (func (export "_start") (call $print (i32.const 2) (i32.const 100) (i32.const 3)) (loop $l (br $l)))""");
        var request = _client.GetAsync(new Uri($"http://127.0.0.1:{_port}/"));
        await Eventually.Async(() => _bed.Lines(id, "stderr").Contains("in"));

        await _bed.Runtime.SignalAsync(id, "SIGTERM", default);
        await _bed.Runtime.SignalAsync(id, "SIGKILL", default);

        (await _bed.WaitAsync(id)).ExitCode.ShouldBe(137);
        await Task.WhenAny(request, Task.Delay(TimeSpan.FromSeconds(30)));
        request.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_taken_port_is_an_error_that_names_it()
    {
        await ServeAsync("""(func (export "_start"))""");

        var error = await Should.ThrowAsync<ContainerException>(() => ServeAsync("""(func (export "_start"))"""));

        error.Code.ShouldBe(ContainerError.RunContainerError);
        error.Message.ShouldContain(_port.ToString(CultureInfo.InvariantCulture));
    }

    private Task<string> ServeAsync(string body, IReadOnlyList<string>? environment = null) => _bed.StartAsync(_bed.Spec(Module(body), environment: environment));

    private string Module(string body) => _bed.Write("served.wat", $"(module {WasmBed.Prelude} (global (export \"http_port\") i32 (i32.const {_port})) {body})");

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}

using Harmony.Projects.WebAssembly;

namespace Harmony.Projects.Tests.WebAssembly;

public sealed class ModuleTextTests
{
    [Theory]
    [InlineData("""(module (global (export "http_port") i32 (i32.const 8080)))""", 8080)]
    [InlineData("""(module (global $port (export "p") (export "http_port") i32 (i32.const 0x1F90)))""", 8080)]
    [InlineData("""(module (global $port i32 (i32.const 80_80)) (export "http_port" (global $port)))""", 8080)]
    [InlineData("""(module (export "http_port" (global $port)) (global $other i32 (i32.const 1)) (global $port i32 (i32.const 81)))""", 81)]
    [InlineData("""(module (import "e" "g" (global i32)) (global i32 (i32.const 82)) (export "x" (global 0)) (export "http_port" (global 1)))""", 82)]
    [InlineData("(module\n  ;; (global (export \"http_port\") i32 (i32.const 1))\n  (; (; nested ;) (global (export \"http_port\") i32 (i32.const 2)) ;)\n  (global\n (export \"http_port\")\n i32 (i32.const 83)))", 83)]
    [InlineData("""(component (export "wasi:http/incoming-handler@0.2.0" (instance 0)))""", 8080)]
    public void The_port_is_found(string text, long port) => ModuleText.ReadHttpPort(text).ShouldBe(port);

    [Theory]
    [InlineData("(module)")]
    [InlineData("")]
    [InlineData("""(module (global (export "http_port") (mut i32) (i32.const 8080)))""")]
    [InlineData("""(module (func (export "http_port")))""")]
    [InlineData("""(module (data (i32.const 0) ";; (global (export \"http_port\") i32 (i32.const 8080))"))""")]
    [InlineData("(module (global (export \"http_port")]
    [InlineData("""(module (export "http_port" (global""")]
    [InlineData("(component)")]
    public void What_does_not_serve_has_none(string text) => ModuleText.ReadHttpPort(text).ShouldBeNull();
}

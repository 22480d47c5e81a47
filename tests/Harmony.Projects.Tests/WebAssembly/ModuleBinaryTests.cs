using Harmony.Projects.WebAssembly;
using static Harmony.Projects.Tests.WebAssembly.WasmBytes;

namespace Harmony.Projects.Tests.WebAssembly;

public sealed class ModuleBinaryTests
{
    private static readonly byte[] FunctionImport = [.. Name("env"), .. Name("f"), 0, 0];
    private static readonly byte[] GlobalImport = [.. Name("env"), .. Name("g"), 3, 0x7F, 0];
    private static readonly byte[] MemoryImport = [.. Name("env"), .. Name("m"), 2, 1, 1, 16];
    private static readonly byte[] TableImport = [.. Name("env"), .. Name("t"), 1, 0x70, 0, 5];

    [Fact]
    public void An_exported_constant_named_http_port_is_the_port() =>
        Read(Module(Section(6, Vector(Global(7), Global(8080))), Section(7, Vector(Export("http_port", 3, 1))))).ShouldBe(8080);

    [Fact]
    public void Imported_globals_come_first_in_the_numbering() => Read(Module(
        Section(2, Vector(FunctionImport, GlobalImport, MemoryImport, TableImport)),
        Section(6, Vector(Global(7), Global(9000))),
        Section(7, Vector(Export("memory", 2, 0), Export("http_port", 3, 2))))).ShouldBe(9000);

    [Fact]
    public void Globals_of_other_types_are_passed_by()
    {
        byte[] int64 = [0x7E, 0, 0x42, 0xE5, 0x8E, 0x26, 0x0B];
        byte[] float64 = [0x7C, 0, 0x44, 1, 2, 3, 4, 5, 6, 7, 0x0B, 0x0B];
        byte[] reference = [0x70, 0, 0xD0, 0x70, 0x0B];

        Read(Module(Section(6, Vector(int64, float64, reference, Global(80))), Section(7, Vector(Export("http_port", 3, 3))))).ShouldBe(80);
    }

    [Fact]
    public void Only_an_immutable_global_of_that_name_counts()
    {
        Read(Module(Section(6, Vector(Global(8080, mutable: true))), Section(7, Vector(Export("http_port", 3, 0))))).ShouldBeNull();
        Read(Module(Section(6, Vector(Global(8080))), Section(7, Vector(Export("http_port", 0, 0))))).ShouldBeNull();
        Read(Module(Section(6, Vector(Global(8080))), Section(7, Vector(Export("port", 3, 0))))).ShouldBeNull();
        Read(Module(Section(2, Vector(GlobalImport)), Section(7, Vector(Export("http_port", 3, 0))))).ShouldBeNull();
        Read(Module()).ShouldBeNull();
    }

    [Fact]
    public void A_component_serves_when_it_exports_the_handler()
    {
        Read(Component(Section(11, [1, 0, .. Name("wasi:http/incoming-handler@0.2.0"), 5, 0, 0]))).ShouldBe(8080);
        Read(Component(Section(11, [1, 0, .. Name("wasi:cli/run@0.2.0"), 5, 0, 0]))).ShouldBeNull();
        Read(Component(Section(10, [1, 0, .. Name("wasi:http/incoming-handler@0.2.0"), 5, 0, 0]))).ShouldBeNull();
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x7F, 0x45, 0x4C, 0x46, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0x61, 0x73, 0x6D, 9, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 7, 100, 1 })]
    [InlineData(new byte[] { 0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 7, 3, 1, 100, 65 })]
    [InlineData(new byte[] { 0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 6, 1, 100 })]
    public void What_is_no_WebAssembly_or_ends_early_is_refused(byte[] bytes) => Should.Throw<InvalidDataException>(() => Read(bytes));

    private static long? Read(byte[] bytes) => ModuleBinary.ReadHttpPort(new MemoryStream(bytes));
}

using Harmony.Embedded.Api.Streaming.Spdy;
using ICSharpCode.SharpZipLib.Checksum;

namespace Harmony.Embedded.Tests.Api.Streaming.Spdy;

public sealed class SpdyConnectionTests
{
    [Fact]
    public void The_dictionary_is_the_one_that_clients_have()
    {
        var checksum = new Adler32();
        checksum.Update(SpdyDictionary.Bytes);
        checksum.Value.ShouldBe(0xe3c6a7c2);
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("80030001000000020000")]
    [InlineData("800300010000000E0000000100000000000000000000")]
    [InlineData("80030063000000040000000000000000")]
    public async Task What_is_no_frame_ends_the_connection(string hexadecimal)
    {
        var garbage = Convert.FromHexString(hexadecimal);
        using var transport = new MemoryStream();
        await transport.WriteAsync(garbage);
        transport.Position = 0;
        await using var connection = new SpdyConnection(transport, (_, _) => throw new InvalidOperationException("no stream was opened"));
        await connection.RunAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        // GOAWAY, with a protocol error.
        Convert.ToHexString(transport.ToArray()).ShouldContain("80030007000000080000000000000001");
    }
}

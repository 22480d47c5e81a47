using System.Text;
using Harmony.Embedded.Node;
using Harmony.Embedded.Node.Logs;

namespace Harmony.Embedded.Tests.Node.Logs;

public sealed class CriLogTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "harmony-log-" + Guid.NewGuid().ToString("N"));

    private string LogPath => Path.Combine(folder, "0.log");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_was_written_is_read_back()
    {
        Write("one\ntwo\n", "bad\n");
        (await ReadAsync(new())).ShouldBe("one\ntwo\nbad\n");
        (await ReadAsync(new() { Stream = "Stderr" })).ShouldBe("bad\n");
    }

    [Fact]
    public async Task A_line_longer_than_a_record_is_one_line_again()
    {
        var line = new string('x', 100_000);
        Write(line + "\n");
        (await ReadAsync(new())).ShouldBe(line + "\n");
    }

    [Fact]
    public async Task A_last_line_without_an_end_is_not_lost()
    {
        Write("no end");
        (await ReadAsync(new())).ShouldBe("no end");
    }

    [Fact]
    public async Task Only_the_last_lines_are_read_where_they_are_asked_for()
    {
        Write("1\n2\n3\n4\n");
        (await ReadAsync(new() { TailLines = 2 })).ShouldBe("3\n4\n");
        (await ReadAsync(new() { TailLines = 0 })).ShouldBe("");
        (await ReadAsync(new() { LimitBytes = 3 })).ShouldBe("1\n2");
    }

    [Fact]
    public async Task Rotated_files_are_read_in_order_and_only_some_are_kept()
    {
        using (var writer = new CriLogWriter(LogPath, TimeProvider.System, fileSize: 200, fileCount: 3))
        {
            for (var i = 0; i < 100; i++)
            {
                writer.Write(false, Encoding.UTF8.GetBytes($"line {i}\n"));
            }
        }

        Directory.GetFiles(folder).Length.ShouldBeLessThanOrEqualTo(3);
        (await ReadAsync(new() { TailLines = 2 })).ShouldBe("line 98\nline 99\n");
    }

    [Fact]
    public async Task A_followed_log_ends_with_the_container()
    {
        var over = false;
        using var writer = new CriLogWriter(LogPath, TimeProvider.System, fileSize: 120, fileCount: 5);
        var output = new MemoryStream();
        var reading = new CriLogReader(TimeProvider.System).CopyAsync(LogPath, new() { Follow = true }, () => Volatile.Read(ref over), output, TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
        {
            writer.Write(false, Encoding.UTF8.GetBytes($"line {i}\n"));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Volatile.Write(ref over, true);
        writer.Dispose();
        await reading;
        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("line 0\nline 1\nline 2\nline 3\nline 4\n");
    }

    private void Write(string output, string error = "")
    {
        using var writer = new CriLogWriter(LogPath, TimeProvider.System);
        writer.Write(false, Encoding.UTF8.GetBytes(output));
        writer.Write(true, Encoding.UTF8.GetBytes(error));
    }

    private async Task<string> ReadAsync(LogRequest request)
    {
        var output = new MemoryStream();
        await new CriLogReader(TimeProvider.System).CopyAsync(LogPath, request, () => true, output, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}

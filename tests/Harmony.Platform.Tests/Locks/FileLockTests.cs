using System.Diagnostics;
using Harmony.Platform.Locks;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Locks;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string LockFile => folder.File("state/a.lock");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_second_one_waits_for_the_first()
    {
        var first = await FileLock.AcquireAsync(LockFile, "first", TimeSpan.Zero, CancellationToken.None);
        var second = FileLock.AcquireAsync(LockFile, "second", TimeSpan.FromMinutes(1), CancellationToken.None);
        await Task.Delay(50);
        second.IsCompleted.ShouldBeFalse();

        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_by_whom_and_for_what_it_is_held()
    {
        using var held = await FileLock.AcquireAsync(LockFile, "starting the embedded runtime", TimeSpan.Zero, CancellationToken.None);

        var error = await Should.ThrowAsync<LockException>(() =>
            FileLock.AcquireAsync(LockFile, "stopping", TimeSpan.FromMilliseconds(20), CancellationToken.None));

        error.Code.ShouldBe(LockError.Held);
        error.Message.ShouldContain($"process {Environment.ProcessId}");
        error.Message.ShouldContain("starting the embedded runtime");
    }

    [Fact]
    public async Task A_dead_holder_holds_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "flock(1) is a tool of Linux.");
        Directory.CreateDirectory(folder.File("state"));
        using var holder = Process.Start(new ProcessStartInfo("flock", ["--no-fork", LockFile, "sh", "-c", "echo held; exec sleep 60"]) { RedirectStandardOutput = true })!;
        try
        {
            await holder.StandardOutput.ReadLineAsync();
            FileLock.TryAcquire(LockFile, "test").ShouldBeNull();
        }
        finally
        {
            holder.Kill();
        }

        (await FileLock.AcquireAsync(LockFile, "test", TimeSpan.FromSeconds(30), CancellationToken.None)).Dispose();
    }

    [Fact]
    public void The_holder_can_be_asked_for_without_waiting()
    {
        FileLock.FindHolder(LockFile).ShouldBeNull();
        using (FileLock.TryAcquire(LockFile, "serving"))
        {
            FileLock.FindHolder(LockFile).ShouldBe(new LockHolder(Environment.ProcessId, "serving"));
        }

        FileLock.FindHolder(LockFile).ShouldBeNull();
        FileLock.TryAcquire(LockFile, "again")!.Dispose();
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        using var held = FileLock.TryAcquire(LockFile, "test");
        using var stop = new CancellationTokenSource(20);

        await Should.ThrowAsync<OperationCanceledException>(() => FileLock.AcquireAsync(LockFile, "other", TimeSpan.FromMinutes(5), stop.Token));
    }

    [Fact]
    public void A_place_where_no_file_can_be_made_is_named()
    {
        var file = folder.Write("file", "");

        Should.Throw<LockException>(() => FileLock.TryAcquire(Path.Combine(file, "a.lock"), "test")).Code.ShouldBe(LockError.NotPossible);
    }
}

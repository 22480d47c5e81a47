using Harmony.Platform.Files;

namespace Harmony.Embedded.Network.Linux;

/// <summary>Held while ranges are chosen and shared settings are changed: one embedded runtime at a time, over the whole machine.</summary>
internal sealed class MachineLock : IDisposable
{
    private const int Exclusive = 2, NonBlocking = 4, ReadWriteCreate = 0x42;
    private int _fd;

    private MachineLock(int fd) => _fd = fd;

    /// <exception cref="NetworkException">It cannot be had, or not within ten seconds.</exception>
    public static async Task<MachineLock> AcquireAsync(TimeProvider time, CancellationToken cancellation)
    {
        Disk.CreateFolder(Instance.RunFolder);
        var path = $"{Instance.RunFolder}/lock";
        var fd = LibC.Open(path, ReadWriteCreate | LibC.CloseOnExec, 0x180);
        if (fd < 0)
        {
            throw LibC.LastError($"open {path}");
        }

        var held = new MachineLock(fd);
        var start = time.GetTimestamp();
        while (LibC.Lock(fd, Exclusive | NonBlocking) != 0)
        {
            if (time.GetElapsedTime(start) > TimeSpan.FromSeconds(10))
            {
                held.Dispose();
                throw new NetworkException(NetworkError.Failed, $"Could not lock {path} within 10 s: another embedded runtime holds it", "Try again; if it stays so, look for a hung harmony process.");
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), time, cancellation);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }

        return held;
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = LibC.Close(_fd);
            _fd = -1;
        }
    }
}

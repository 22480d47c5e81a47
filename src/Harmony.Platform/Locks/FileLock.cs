using System.Globalization;
using System.Text;
using Harmony.Platform.Files;
using Microsoft.Win32.SafeHandles;

namespace Harmony.Platform.Locks;

/// <summary>
/// A lock between processes, and between parts of one, on a file. The system releases it when its holder dies, however it dies. The file stays:
/// whoever deletes a lock file gives two processes the same lock. In it the holder writes its number and purpose, one a line.
/// </summary>
public sealed class FileLock : IDisposable
{
    private readonly FileStream held;

    private FileLock(FileStream held) => this.held = held;

    /// <summary>Waits for the lock, at most this long.</summary>
    /// <param name="path">The lock file. Its folder is made where it is missing.</param>
    /// <param name="purpose">What it is held for, to tell others who wait: "starting the embedded runtime".</param>
    /// <param name="timeout">How long to wait; zero tries once.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="time">The clock; the system's where null.</param>
    /// <exception cref="LockException">It is still held (the message says by whom and for what), or no such file can be made.</exception>
    public static async Task<FileLock> AcquireAsync(string path, string purpose, TimeSpan timeout, CancellationToken cancellation, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var started = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(5);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryAcquire(path, purpose) is { } taken)
            {
                return taken;
            }

            var left = timeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                throw Held(path, purpose, timeout);
            }

            await Task.Delay(pause < left ? pause : left, time, cancellation);
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 100));
        }
    }

    /// <summary>The lock, or null where it is held.</summary>
    /// <exception cref="LockException">No such file can be made.</exception>
    public static FileLock? TryAcquire(string path, string purpose)
    {
        FileStream stream;
        try
        {
            Disk.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            stream = Open(path);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LockException(LockError.NotPossible, $"The lock file '{path}' cannot be opened for {purpose}.", "Check that you may write there and that the disk is not full.", e);
        }

        Sign(stream, purpose);
        return new(stream);
    }

    /// <summary>
    /// Who holds the lock; null where nobody does. It is taken for a moment to find out, so ask only where nobody else tries for it just once.
    /// </summary>
    public static LockHolder? FindHolder(string path)
    {
        if (!Disk.FileExists(path) || TryAcquire(path, "looking who holds it") is not { } free)
        {
            return Disk.FileExists(path) ? LockHolder.Parse(ReadNote(path)) : null;
        }

        free.Dispose();
        return null;
    }

    /// <summary>Releases it.</summary>
    public void Dispose()
    {
        try
        {
            held.SetLength(0);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The note in it is a courtesy only; the lock itself goes with the handle.
        }

        held.Dispose();
    }

    private static FileStream Open(string path)
    {
        // On Unix FileShare.None is flock(LOCK_EX); on Windows readers must be let in to see who holds it.
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Disk.Private;
        }

        return new FileStream(path, options);
    }

    private static void Sign(FileStream stream, string purpose)
    {
        try
        {
            stream.SetLength(0);
            stream.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{purpose}\n")));
        }
        catch (IOException)
        {
            // On a full disk the lock still holds, though nobody can read whose it is.
        }
    }

    private static LockException Held(string path, string purpose, TimeSpan timeout)
    {
        var holder = LockHolder.Parse(ReadNote(path)) is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"process {known.ProcessId} holds it for {known.Purpose}")
            : "another process holds it";
        var waited = timeout > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $" after {timeout.TotalSeconds:0} s") : "";
        return new(LockError.Held, $"The lock for {purpose} could not be had{waited}: {holder}.", $"Wait until that is done, or end it. The lock file is '{path}'.");
    }

    /// <summary>Reads past the lock: .NET would refuse to open a file that somebody has locked.</summary>
    private static string ReadNote(string path)
    {
        const int enough = 1024;
        try
        {
            using var reader = OperatingSystem.IsWindows()
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
                : new FileStream(new SafeFileHandle(Libc.Open(path, Libc.ReadOnly), ownsHandle: true), FileAccess.Read, 1);
            var buffer = new byte[enough];
            return Encoding.UTF8.GetString(buffer, 0, reader.ReadAtLeast(buffer, enough, throwOnEndOfStream: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }

    /// <summary>EWOULDBLOCK on Linux and macOS, ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows.</summary>
    private static bool IsSharingViolation(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) is 32 or 33
        : e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && e.HResult is 11 or 35;
}

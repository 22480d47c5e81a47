using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Harmony.Platform.Downloads;

/// <summary>
/// The machine's trusted authorities. On Linux .NET parses all of them, some 50 ms of work, before the first TLS handshake of a process, even where
/// the handshake trusts one private authority alone (https://github.com/dotnet/runtime, OpenSslCachedSystemStoreProvider).
/// </summary>
public static class SystemTrust
{
    /// <summary>Starts to read them beside what else must be done before the first handshake, which then finds them read.</summary>
    public static void ReadAhead()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Task.Run(Read);
        }
    }

    private static void Read()
    {
        try
        {
            using var roots = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
            foreach (var certificate in roots.Certificates)
            {
                certificate.Dispose();
            }
        }
        catch (CryptographicException)
        {
            // Whoever needs them will say what is wrong with them.
        }
    }
}

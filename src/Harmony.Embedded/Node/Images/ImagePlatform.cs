using System.Runtime.InteropServices;
using System.Text.Json;

namespace Harmony.Embedded.Node.Images;

/// <summary>What an image is built for, in Go's words.</summary>
internal sealed record ImagePlatform(string Os, string Architecture, string Variant)
{
    /// <summary>What containers on this machine are: Linux on its processor.</summary>
    public static ImagePlatform Native { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new("linux", "amd64", ""),
        System.Runtime.InteropServices.Architecture.X86 => new("linux", "386", ""),
        System.Runtime.InteropServices.Architecture.Arm64 => new("linux", "arm64", "v8"),
        System.Runtime.InteropServices.Architecture.Arm => new("linux", "arm", "v7"),
        System.Runtime.InteropServices.Architecture.S390x => new("linux", "s390x", ""),
        System.Runtime.InteropServices.Architecture.Ppc64le => new("linux", "ppc64le", ""),
        System.Runtime.InteropServices.Architecture.RiscV64 => new("linux", "riscv64", ""),
        var other => new("linux", other.ToString().ToLowerInvariant(), ""),
    };

    public bool IsWebAssembly => Architecture is "wasm" or "wasm32" || Os is "wasi" or "wasip1" or "wasip2" || Os.StartsWith("wasi/", StringComparison.Ordinal);

    public static ImagePlatform Read(JsonElement json) =>
        new(Descriptor.Text(json, "os") ?? "", Descriptor.Text(json, "architecture") ?? "", Descriptor.Text(json, "variant") ?? "");

    /// <summary>
    /// How well an image of this platform runs here: 0 not at all; WebAssembly last, as any machine runs it; on ARM the nearest variant first.
    /// </summary>
    public int Fitness()
    {
        if (IsWebAssembly)
        {
            return Os is "wasip2" ? 1 : 2;
        }

        if (Os != Native.Os || Architecture != Native.Architecture)
        {
            return 0;
        }

        // amd64 has v1 to v4, which newer images name: v1 and none are the same; higher ones may use instructions that are not here.
        return Architecture switch
        {
            "amd64" => Variant is "" or "v1" ? 10 : 0,
            "arm64" => Variant is "" or "v8" ? 10 : 0,
            "arm" => Variant switch { "v7" or "" => 10, "v6" => 9, "v5" => 8, _ => 0 },
            _ => 10,
        };
    }
}

namespace Harmony.Embedded.Node.Images;

/// <summary>What the parts of an image are called, by OCI and by Docker before it.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>The CNCF's WebAssembly artifacts: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/.</summary>
    public const string Wasm = "application/wasm";

    /// <summary>The form before the CNCF's.</summary>
    public const string OldWasmLayer = "application/vnd.wasm.content.layer.v1+wasm";

    /// <summary>WebAssembly as text: harmony's own.</summary>
    public const string Wat = "text/vnd.harmony.wat";

    public const string AcceptedManifests = $"{OciIndex}, {OciManifest}, {DockerIndex}, {DockerManifest}, */*";

    public static bool IsModule(string? type) => type is Wasm or OldWasmLayer or Wat;
}

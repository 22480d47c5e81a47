namespace Harmony.SchemaBuilder;

internal static class Output
{
    /// <summary>Writes by rename, so that a build beside this one never reads half a file.</summary>
    public static void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var scratch = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(scratch, content);
        File.Move(scratch, path, overwrite: true);
    }
}

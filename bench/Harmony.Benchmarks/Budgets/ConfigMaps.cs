using System.Text;

namespace Harmony.Benchmarks.Budgets;

/// <summary>Projects of nothing but ConfigMaps: what applying costs without what follows it.</summary>
internal static class ConfigMaps
{
    /// <summary>A folder with one file of so many ConfigMaps, three lines of data in each.</summary>
    public static string Write(Bench bench, string name, int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            text.Append($$"""
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: settings-{{i}}
                  labels:
                    app.kubernetes.io/name: settings
                data:
                  number: "{{i}}"
                  greeting: hello
                  file.conf: |
                    listen 80;
                    root /srv/{{i}};

                """);
        }

        var folder = bench.Folder(name);
        File.WriteAllText(Path.Combine(folder, "settings.yaml"), text.ToString());
        return folder;
    }
}

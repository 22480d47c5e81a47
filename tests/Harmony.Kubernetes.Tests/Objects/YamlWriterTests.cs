using System.Text.Json.Nodes;
using CsCheck;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Objects;

public sealed class YamlWriterTests
{
    private static readonly Gen<string> Text = Gen.Frequency(
        (3, Gen.String[Gen.Char[" \n\t:#-?&*!|>'\"%@`{}[],.~yesno019xe+_=<\\"], 0, 12]),
        (1, Gen.String[Gen.Char['\u0001', '\ud7ff'], 0, 8]),
        (2, Gen.OneOf(new[] { "yes", "null", "~", "0644", "1e3", "2001-01-01", "12:30", "-", "---", "...", "<<", "=", ".inf", "0o7", "y", "\n", "a\n", "a\n\n", "\na", " a\nb", "a \nb", "a\r\nb", "# a", "a #b", "a: b", "a:" }.Select(s => Gen.Const(s)).ToArray())));

    private static readonly Gen<JsonNode?> Node = Gen.Recursive<JsonNode?>((depth, self) =>
    {
        Gen<JsonNode?> scalar = Gen.OneOf(
            Text.Select(t => (JsonNode?)JsonValue.Create(t)),
            Gen.Long.Select(l => (JsonNode?)JsonValue.Create(l)),
            Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
            Gen.Const<JsonNode?>(() => null));
        return depth > 3
            ? scalar
            : Gen.Frequency(
                (2, scalar),
                (1, self.Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())]))),
                (2, Gen.Select(Text, self).Array[0, 4].Select(pairs => (JsonNode?)new JsonObject(pairs.DistinctBy(p => p.Item1).Select(p => KeyValuePair.Create(p.Item1, p.Item2?.DeepClone()))))));
    });

    [Fact]
    public void What_is_written_reads_back_as_the_same_tree() =>
        Node.Sample(
            node =>
            {
                var yaml = YamlWriter.Write(node);
                var read = YamlReader.ReadAll(yaml, YamlLimits.Default).ShouldHaveSingleItem().Root;
                JsonNode.DeepEquals(read, node).ShouldBeTrue($"{node?.ToJsonString()}\n---\n{yaml}\n---\n{read?.ToJsonString()}");
            },
            iter: 20000);

    [Fact]
    public void It_looks_as_people_write_it() =>
        YamlWriter.Write(JsonNode.Parse("""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","labels":{}},"data":{"on":"yes","script":"#!/bin/sh\nexec web --port 80\n","empty":"","version":"1.10"},
             "list":[{"name":"a","ports":[80,443]},"b",[1,[2]],[]],"none":null}
            """)).ShouldBe("""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: web
              labels: {}
            data:
              'on': 'yes'
              script: |
                #!/bin/sh
                exec web --port 80
              empty: ''
              version: '1.10'
            list:
            - name: a
              ports:
              - 80
              - 443
            - b
            - - 1
              - - 2
            - []
            none: null

            """);
}

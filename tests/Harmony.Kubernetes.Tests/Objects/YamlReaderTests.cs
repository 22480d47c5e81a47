using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Objects;

public sealed class YamlReaderTests
{
    [Theory]
    [InlineData("yes", "true")]
    [InlineData("Off", "false")]
    [InlineData("n", "false")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("0644", "420")]
    [InlineData("0o644", "420")]
    [InlineData("0x1F", "31")]
    [InlineData("-0b11", "-3")]
    [InlineData("1_000", "1000")]
    [InlineData("08", "8")]
    [InlineData("1e3", "1000")]
    [InlineData("1.5", "1.5")]
    [InlineData("1.0", "1")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("2001-12-14", "\"2001-12-14\"")]
    [InlineData("12:30:45", "\"12:30:45\"")]
    [InlineData("100m", "\"100m\"")]
    [InlineData("\"yes\"", "\"yes\"")]
    [InlineData("'0644'", "\"0644\"")]
    [InlineData("!!str 0644", "\"0644\"")]
    [InlineData("!!int \"12\"", "12")]
    [InlineData("!!binary aGVsbG8=", "\"hello\"")]
    [InlineData("!custom 5", "\"5\"")]
    public void A_scalar_means_what_Kubernetes_takes_it_for(string yaml, string json) =>
        Json($"v: {yaml}").ShouldBe($$"""{"v":{{json}}}""");

    [Fact]
    public void A_number_beyond_64_bits_stays_a_number()
    {
        var number = Read("v: 36893488147419103232")[0].Root!["v"]!;
        number.GetValueKind().ShouldBe(System.Text.Json.JsonValueKind.Number);
        number.GetValue<double>().ShouldBe(36893488147419103232d);
    }

    [Theory]
    [InlineData("a: .inf", YamlError.Unsupported, 1)]
    [InlineData("a: !!int x", YamlError.Unsupported, 1)]
    [InlineData("a: 1\nb: 2\na: 3", YamlError.DuplicateKey, 3)]
    [InlineData("{\"a\": 1,\n \"a\": 2}", YamlError.DuplicateKey, 2)]
    [InlineData("a: 1\n\tb: 2", YamlError.Syntax, 2)]
    [InlineData("a: [1, 2\n\n", YamlError.Syntax, 1)]
    [InlineData("a: *nothing", YamlError.Syntax, 1)]
    [InlineData("a: &x [*x]", YamlError.Unsupported, 1)]
    [InlineData("name: {{ .Values.name }}", YamlError.Unsupported, 1)]
    [InlineData("<<: 5", YamlError.Unsupported, 1)]
    public void What_is_wrong_is_named_with_its_line(string yaml, YamlError code, int line)
    {
        var error = Should.Throw<YamlException>(() => Read(yaml));
        error.Code.ShouldBe(code);
        error.Line.ShouldBe(line);
        error.Message.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public void Documents_come_in_order_with_their_lines_and_the_empty_ones_are_null()
    {
        var documents = Read("# a comment\na: 1\n---\n# nothing here\n---\n\nb:\n  - c: 2\n    d: x\n");
        documents.Select(d => d.Root?.ToJsonString()).ShouldBe(["{\"a\":1}", null, "{\"b\":[{\"c\":2,\"d\":\"x\"}]}"]);
        documents[0].Line.ShouldBe(2);
        documents[2].Line.ShouldBe(7);
        documents[2].LineOf(documents[2].Root!["b"]![0]).ShouldBe(8);
        documents[2].LineOf(documents[2].Root!["b"]![0]!["d"]).ShouldBe(9);
    }

    [Fact]
    public void A_node_added_later_has_the_line_of_what_it_was_added_to()
    {
        var document = Read("a:\n  b: {}\n")[0];
        var added = new JsonObject();
        document.Root!["a"]!["b"]!.AsObject().Add("new", added);
        document.LineOf(added).ShouldBe(2);
    }

    [Fact]
    public void Aliases_and_merge_keys_are_written_out()
    {
        Json("base: &b {x: 1, y2: 2}\nderived:\n  <<: *b\n  x: 3\nsame: *b").ShouldBe("""{"base":{"x":1,"y2":2},"derived":{"x":3,"y2":2},"same":{"x":1,"y2":2}}""");
        Json("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]").ShouldBe("""{"a":{"x":1},"b":{"x":2,"z":3},"c":{"x":1,"z":3}}""");
        Json("k: &k name\n*k : v").ShouldBe("""{"k":"name","name":"v"}""");
    }

    [Fact]
    public void Keys_that_are_no_text_become_text() => Json("1: a\ntrue: b\n1.5: c").ShouldBe("""{"1":"a","true":"b","1.5":"c"}""");

    [Fact]
    public void Json_is_read_with_tabs_surrogates_and_several_values()
    {
        var documents = Read("{\n\t\"a\": \"\\ud83d\\ude00\\/\"\n}\n{\"b\": [1, 2.5, null]}");
        documents[0].Root!["a"]!.GetValue<string>().ShouldBe("😀/");
        documents[1].Line.ShouldBe(4);
        documents[1].Root!.ToJsonString().ShouldBe("""{"b":[1,2.5,null]}""");
    }

    [Fact]
    public void A_block_may_start_with_blank_lines_of_spaces_as_templates_leave_them()
    {
        var document = Read("x: |\n  \n \n  a: 1\n  \n  b: |\n    \n    c\nq:\n  z: >-\n    \n    text\nw: 1\n")[0];
        document.Root!.ToJsonString().ShouldBe("""{"x":"\n\na: 1\n\nb: |\n  \n  c\n","q":{"z":"\ntext"},"w":1}""");
        document.LineOf(document.Root!["w"]).ShouldBe(13);
        Should.Throw<YamlException>(() => Read("x: |\n     \n  a\n")).Code.ShouldBe(YamlError.Syntax);
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 10; i++)
        {
            bomb.Append($"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Should.Throw<YamlException>(() => Read(bomb.ToString())).Code.ShouldBe(YamlError.TooLarge);
    }

    [Fact]
    public void Too_many_bytes_and_too_much_depth_are_refused()
    {
        Should.Throw<YamlException>(() => YamlReader.ReadAll("a: 12345678", new(10, 10, 10))).Code.ShouldBe(YamlError.TooLarge);
        Should.Throw<YamlException>(() => Read(new string('[', 10_000) + new string(']', 10_000))).Code.ShouldBe(YamlError.TooLarge);
        Should.Throw<YamlException>(() => Read("{\"a\":" + new string('[', 101) + new string(']', 101) + "}")).Code.ShouldBe(YamlError.TooLarge);
    }

    private static IReadOnlyList<YamlDocument> Read(string yaml) => YamlReader.ReadAll(yaml, YamlLimits.Default);

    private static string Json(string yaml) => Read(yaml).ShouldHaveSingleItem().Root!.ToJsonString();
}

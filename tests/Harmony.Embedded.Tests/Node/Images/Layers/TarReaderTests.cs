using System.Formats.Tar;
using System.Text;
using Harmony.Testing.Images;
using TarReader = Harmony.Embedded.Node.Images.Layers.TarReader;

namespace Harmony.Embedded.Tests.Node.Images.Layers;

public sealed class TarReaderTests
{
    private static readonly string LongName = string.Join('/', Enumerable.Repeat("folder-with-a-long-name", 12)) + "/ü";

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Long_names_and_contents_are_read_in_each_format(TarEntryFormat format)
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, format, leaveOpen: true))
        {
            tar.WriteEntry(Make(format, TarEntryType.RegularFile, LongName, new string('x', 1000)));
            tar.WriteEntry(Make(format, TarEntryType.SymbolicLink, "link", target: LongName));
            tar.WriteEntry(Make(format, TarEntryType.RegularFile, "last", "end"));
        }

        var reader = new TarReader(new MemoryStream(archive.ToArray()));

        var first = reader.Next()!;
        (first.Name, first.Size).ShouldBe((LongName, 1000));
        Content(reader).ShouldBe(new string('x', 1000));
        reader.Next()!.Target.ShouldBe(LongName);
        reader.Next()!.Name.ShouldBe("last");
        Content(reader).ShouldBe("end");
        reader.Next().ShouldBeNull();
    }

    [Fact]
    public void What_is_left_unread_is_skipped()
    {
        var reader = new TarReader(new MemoryStream(RawTar.Write(("a", '0', new string('x', 700), "", 420, 0, 0, null), ("b", '0', "y", "", 420, 0, 0, null))));

        reader.Next();
        reader.Next()!.Name.ShouldBe("b");
        Content(reader).ShouldBe("y");
    }

    [Fact]
    public void A_number_in_GNUs_base_256_is_read()
    {
        var archive = RawTar.Write(("a", '0', "", "", 420, 0, 0, null));

        // The owner's field: the highest bit, then 3,000,000 in binary.
        new byte[] { 0x80, 0, 0, 0, 0, 0x2d, 0xc6, 0xc0 }.CopyTo(archive, 108);
        Sum(archive);

        new TarReader(new MemoryStream(archive)).Next()!.User.ShouldBe(3_000_000);
    }

    [Fact]
    public void A_spoilt_header_is_refused()
    {
        var archive = RawTar.Write(("a", '0', "", "", 420, 0, 0, null));
        archive[0] ^= 1;

        Should.Throw<FormatException>(() => new TarReader(new MemoryStream(archive)).Next()).Message.ShouldContain("checksum");
    }

    [Theory]
    [InlineData("GNU.sparse.major", "1", "sparse")]
    [InlineData("size", "-5", "no valid size")]
    [InlineData("uid", "99999999999", "no valid owner")]
    [InlineData("mtime", "yesterday", "no valid time")]
    public void What_a_pax_header_may_not_say_is_refused(string key, string value, string reason) =>
        Should.Throw<FormatException>(() => new TarReader(new MemoryStream(RawTar.Write(("a", '0', "", "", 420, 0, 0, (key, Encoding.UTF8.GetBytes(value)))))).Next()).Message.ShouldContain(reason);

    [Fact]
    public void An_enormous_pax_header_is_refused_before_it_is_read() =>
        Should.Throw<FormatException>(() => new TarReader(new MemoryStream(RawTar.Write(("a", '0', "", "", 420, 0, 0, ("key", new byte[2_000_000]))))).Next()).Message.ShouldContain("larger than");

    private static TarEntry Make(TarEntryFormat format, TarEntryType type, string name, string? content = null, string? target = null)
    {
        TarEntry entry = format == TarEntryFormat.Gnu ? new GnuTarEntry(type, name) : new PaxTarEntry(type, name);
        if (content is not null)
        {
            entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        }

        if (target is not null)
        {
            entry.LinkName = target;
        }

        return entry;
    }

    private static string Content(TarReader reader)
    {
        var content = new MemoryStream();
        var buffer = new byte[100];
        int read;
        while ((read = reader.Read(buffer)) > 0)
        {
            content.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(content.ToArray());
    }

    private static void Sum(byte[] archive)
    {
        "        "u8.CopyTo(archive.AsSpan(148));
        var sum = archive.Take(512).Sum(b => b);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(archive, 148);
    }
}

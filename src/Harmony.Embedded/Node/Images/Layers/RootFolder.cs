using System.Globalization;
using System.Runtime.InteropServices;
using Harmony.Platform.Files;
using Microsoft.Win32.SafeHandles;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>
/// A folder that paths of an image cannot leave: they are walked component by component, links are followed as if the folder were the root
/// of everything, and <c>..</c> ends at it.
/// </summary>
internal sealed class RootFolder(string path) : IDisposable
{
    private const int MostLinks = 40;
    private const uint FolderMode = 0b111_101_101;

    private readonly SafeFileHandle _root = Linux.OpenRoot(path);

    public SafeFileHandle Handle => _root;

    /// <summary>Opens the folder at this path, following links inside the root.</summary>
    /// <param name="create">Makes what is missing, as root's, for everybody to read.</param>
    /// <returns>Null where it is missing and not to be made.</returns>
    public SafeFileHandle? Open(IEnumerable<string> components, bool create)
    {
        var open = new Stack<SafeFileHandle>();
        open.Push(_root);
        SafeFileHandle? result = null;
        try
        {
            var ahead = new LinkedList<string>(components);
            var links = 0;
            while (ahead.First is { } first)
            {
                ahead.RemoveFirst();
                var name = first.Value;
                if (name is "" or ".")
                {
                    continue;
                }

                if (name == "..")
                {
                    Pop(open);
                    continue;
                }

                var next = Linux.OpenFolder(open.Peek(), name);
                if (next is null && !Enter(open, name, create, ahead, ref links, out next))
                {
                    return null;
                }

                if (next is not null)
                {
                    open.Push(next);
                }
            }

            result = open.Peek();
            return result;
        }
        finally
        {
            foreach (var handle in open.Where(h => h != _root && h != result))
            {
                handle.Dispose();
            }
        }
    }

    /// <summary>Closes a folder of <see cref="Open"/>; the root itself stays open.</summary>
    public void Close(SafeFileHandle folder)
    {
        if (folder != _root)
        {
            folder.Dispose();
        }
    }

    /// <summary>Deletes what is at the name, with all that is in it, following no link. Nothing happens where there is nothing.</summary>
    public static void Remove(SafeFileHandle folder, string name)
    {
        if (Linux.Stat(folder, name) is not { } stat)
        {
            return;
        }

        if ((stat.Mode & Linux.TypeMask) != Linux.FolderType)
        {
            Linux.Check(Linux.Unlink(folder, name, 0), $"deleting '{name}'");
            return;
        }

        using (var inner = Linux.OpenFolder(folder, name) ?? throw Linux.Error($"opening '{name}'"))
        {
            foreach (var child in Names(inner))
            {
                Remove(inner, child);
            }
        }

        Linux.Check(Linux.Unlink(folder, name, Linux.RemoveFolder), $"deleting '{name}'");
    }

    /// <summary>What is in an open folder.</summary>
    public static IReadOnlyList<string> Names(SafeFileHandle folder) => [.. Disk.Entries(PathOf(folder)).Select(e => e.Name)];

    /// <summary>A path that leads to the open folder, for calls that take only paths.</summary>
    public static string PathOf(SafeFileHandle folder) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder.DangerousGetHandle()}");

    public void Dispose() => _root.Dispose();

    private void Pop(Stack<SafeFileHandle> open)
    {
        if (open.Peek() != _root)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>Deals with a component that is no folder: makes it, or follows it where it is a link; false where it is missing.</summary>
    private bool Enter(Stack<SafeFileHandle> open, string name, bool create, LinkedList<string> ahead, ref int links, out SafeFileHandle? made)
    {
        made = null;
        var stat = Linux.Stat(open.Peek(), name);
        if (stat is null)
        {
            if (!create)
            {
                return false;
            }

            Linux.Check(Linux.MakeFolder(open.Peek(), name, FolderMode), $"making the folder '{name}'");

            // The process' umask took bits away.
            Linux.Check(Linux.ChangeMode(open.Peek(), name, FolderMode, 0), $"making the folder '{name}'");
            made = Linux.OpenFolder(open.Peek(), name) ?? throw Linux.Error($"opening '{name}'");
            return true;
        }

        if ((stat.Value.Mode & Linux.TypeMask) != Linux.LinkType)
        {
            throw new FormatException($"'{name}' is used as a folder and is none");
        }

        if (++links > MostLinks)
        {
            throw new FormatException($"'{name}' leads through too many links");
        }

        var target = Linux.ReadLink(open.Peek(), name);
        if (target.StartsWith('/'))
        {
            while (open.Peek() != _root)
            {
                Pop(open);
            }
        }

        foreach (var component in target.Split('/').Reverse())
        {
            ahead.AddFirst(component);
        }

        return true;
    }
}

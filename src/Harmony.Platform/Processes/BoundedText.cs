using System.Text;

namespace Harmony.Platform.Processes;

/// <summary>Keeps the start and the end of a text of any length: what a failed program printed first and last is what tells.</summary>
internal sealed class BoundedText(int half)
{
    private readonly StringBuilder head = new();
    private readonly Queue<string> tail = new();
    private int tailLength;
    private long dropped;

    public void AppendLine(string line)
    {
        if (dropped == 0 && tail.Count == 0 && head.Length + line.Length <= half)
        {
            head.Append(line).Append('\n');
            return;
        }

        var kept = line.Length > half ? line[^half..] : line;
        dropped += line.Length - kept.Length;
        tail.Enqueue(kept);
        tailLength += kept.Length + 1;
        while (tailLength > half)
        {
            var oldest = tail.Dequeue();
            tailLength -= oldest.Length + 1;
            dropped += oldest.Length + 1;
        }
    }

    public override string ToString()
    {
        if (dropped == 0 && tail.Count == 0)
        {
            return head.ToString();
        }

        var text = new StringBuilder(head.ToString());
        if (dropped > 0)
        {
            text.Append($"[… {dropped} characters left out …]\n");
        }

        foreach (var line in tail)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}

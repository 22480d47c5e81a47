using System.Text.Json.Nodes;

namespace Harmony.Embedded.Controllers;

/// <summary>Counters in a status, as Go writes them: zero is left out.</summary>
internal static class Counts
{
    public static void Put(JsonObject status, string name, long count)
    {
        if (count != 0)
        {
            status[name] = count;
        }
    }
}

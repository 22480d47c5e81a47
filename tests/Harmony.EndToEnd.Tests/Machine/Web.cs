using System.Net;
using System.Text;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>A browser without patience: asks once, over a connection of its own.</summary>
internal static class Web
{
    public static async Task<string> GetAsync(string address)
    {
        using var client = Client();
        return await client.GetStringAsync(new Uri(address), TestContext.Current.CancellationToken);
    }

    public static async Task<(HttpStatusCode Status, string Body)> PostAsync(string address, string json)
    {
        using var client = Client();
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(address), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Whether anything listens there.</summary>
    public static async Task<bool> AnswersAsync(string address)
    {
        try
        {
            await GetAsync(address);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };
}

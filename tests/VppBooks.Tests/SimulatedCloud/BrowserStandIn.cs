using System.Net;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Follows redirects and keeps cookies, as a browser does.</summary>
internal sealed class BrowserStandIn : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { CookieContainer = new CookieContainer() });

    public string LastAddress { get; private set; } = "";

    public async Task<HttpResponseMessage> GetAsync(string address)
    {
        var answer = await _client.GetAsync(address);
        LastAddress = answer.RequestMessage!.RequestUri!.AbsoluteUri;
        return answer;
    }

    public async Task<string> GetStringAsync(string address)
    {
        using var answer = await GetAsync(address);
        Assert.True(answer.IsSuccessStatusCode, $"{address} answered {answer.StatusCode}");
        return await answer.Content.ReadAsStringAsync();
    }

    public void Dispose() => _client.Dispose();
}

namespace VppBooks.Web.Hosting;

/// <summary>Asks a running program how it is, for container engines whose images hold no other HTTP client.</summary>
internal static class HealthProbe
{
    public const string Command = "healthcheck";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <returns>0 when the address answers 200 in time, otherwise 1 with the reason on standard error.</returns>
    public static async Task<int> RunAsync(string url, TimeProvider clock)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            return Fail($"\"{url}\" is not a web address");
        }

        using var timeout = new CancellationTokenSource(Patience, clock);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        try
        {
            using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            return (int)answer.StatusCode == StatusCodes.Status200OK ? 0 : Fail($"status {(int)answer.StatusCode}");
        }
        catch (HttpRequestException exception)
        {
            return Fail(exception.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return Fail($"no answer within {Patience.TotalSeconds:0} s");
        }
    }

    private static int Fail(string reason)
    {
        Console.Error.WriteLine($"{Command}: {reason}");
        return 1;
    }
}

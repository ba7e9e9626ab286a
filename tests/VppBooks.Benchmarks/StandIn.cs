using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using VppBooks.SimulatedCloud;

namespace VppBooks.Benchmarks;

/// <summary>Apple's stand-in at District size in a process of its own, so that the memory and time measured are the product's.</summary>
internal sealed class StandIn : IDisposable
{
    private readonly Process _process;

    private StandIn(Process process, string baseUrl)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = new Uri(baseUrl) };
        BaseUrl = baseUrl;
    }

    public string BaseUrl { get; }

    public HttpClient Http { get; }

    /// <summary>What the child process does: serves until its input ends, so that it never outlives its parent.</summary>
    public static async Task ServeAsync(string[] args)
    {
        var options = new SimulatedCloudOptions
        {
            Port = 0,
            EntraPort = 0,
            Size = OrganizationSize.District,
            PageSize = int.Parse(args[0], CultureInfo.InvariantCulture),
            MaxRequestsPerSecond = int.Parse(args[1], CultureInfo.InvariantCulture),
            Latency = TimeSpan.FromMilliseconds(int.Parse(args[2], CultureInfo.InvariantCulture)),
        };
        await using var host = await SimulatedCloudHost.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Console.WriteLine(host.BaseUrl);
        await Console.In.ReadToEndAsync();
    }

    public static async Task<StandIn> StartAsync(int pageSize, int perSecond, int latencyMilliseconds, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(StandIn).Assembly.Location);
        }

        foreach (var argument in (string[])["stand-in", Text(pageSize), Text(perSecond), Text(latencyMilliseconds)])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var baseUrl = await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The stand-in did not start.");
        return new StandIn(process, baseUrl);
    }

    public Task<byte[]> IssueTokenAsync(string uId, CancellationToken cancellationToken) => PostAsync("/_sim/token", new { location = uId }, cancellationToken);

    public Task ActAsync(string uId, int acts, CancellationToken cancellationToken) => PostAsync("/_sim/act", new { location = uId, acts }, cancellationToken);

    public Task SetAsync(object switches, CancellationToken cancellationToken) => PostAsync("/_sim/switches", switches, cancellationToken);

    public void Dispose()
    {
        Http.Dispose();
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5_000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task<byte[]> PostAsync(string path, object body, CancellationToken cancellationToken)
    {
        using var answer = await Http.PostAsJsonAsync(path, body, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

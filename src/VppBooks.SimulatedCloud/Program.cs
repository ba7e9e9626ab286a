namespace VppBooks.SimulatedCloud;

internal static class SimulatedCloudProgram
{
    public static async Task Main(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args).Build();
        var options = configuration.GetSection(SimulatedCloudOptions.SectionName).Get<SimulatedCloudOptions>() ?? new SimulatedCloudOptions();
        await using var host = await SimulatedCloudHost.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Console.WriteLine($"Simulated cloud: {host.BaseUrl} (portal), {host.AppleBaseUrl}, {host.GraphBaseUrl}, {host.EntraInstance}");
        await host.WaitForShutdownAsync();
    }
}

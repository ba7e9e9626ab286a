using System.Runtime.InteropServices;

namespace VppBooks.SimulatedCloud;

internal static class SimulatedCloudProgram
{
    public static async Task Main(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args).Build();
        var options = configuration.GetSection(SimulatedCloudOptions.SectionName).Get<SimulatedCloudOptions>() ?? new SimulatedCloudOptions();
        var asked = new TaskCompletionSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await using var host = await SimulatedCloudHost.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Console.WriteLine($"Simulated cloud: {host.BaseUrl} (portal), {host.AppleBaseUrl}, {host.GraphBaseUrl}, {host.EntraInstance}");
        await asked.Task;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            asked.TrySetResult();
        }
    }
}

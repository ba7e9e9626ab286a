namespace VppBooks.SimulatedCloud;

internal static class SimulatedCloudProgram
{
    public static async Task Main(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        var app = builder.Build();
        await app.RunAsync();
    }
}

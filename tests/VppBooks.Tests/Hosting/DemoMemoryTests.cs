using VppBooks.SimulatedCloud;
using VppBooks.Web;

namespace VppBooks.Tests.Hosting;

/// <summary>The demo's Apple lives as long as the demo's database.</summary>
public sealed class DemoMemoryTests : IDisposable
{
    private const string Education = "3104477120056218";

    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-demo-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Apple_remembers_while_the_database_stands_and_starts_as_new_with_a_new_one()
    {
        await RunAsync(cloud => cloud.Apple.ClaimByOtherMdm(Education, "Kept"));
        Assert.True(File.Exists(Path.Combine(_folder, "simulated-cloud.json")));

        await RunAsync(cloud => Assert.Equal("Kept", ClaimOf(cloud)));

        File.Delete(Path.Combine(_folder, "vppbooks.db"));
        await RunAsync(cloud => Assert.Null(ClaimOf(cloud)));
    }

    [Fact]
    public async Task Two_databases_in_one_folder_have_an_Apple_each()
    {
        await RunAsync(cloud => cloud.Apple.ClaimByOtherMdm(Education, "One"), "one.db");
        await RunAsync(cloud => Assert.Null(ClaimOf(cloud)), "two.db");
        await RunAsync(cloud => Assert.Equal("One", ClaimOf(cloud)), "one.db");
    }

    [Fact]
    public async Task An_empty_setting_keeps_nothing()
    {
        await RunAsync(cloud => cloud.Apple.ClaimByOtherMdm(Education, "Forgotten"), more: "--SimulatedCloud:StateFile=");

        Assert.DoesNotContain(Directory.EnumerateFiles(_folder), f => f.EndsWith(".json", StringComparison.Ordinal));
    }

    private static string? ClaimOf(SimulatedCloudHost cloud) => cloud.Apple.Locations.Single(l => l.UId == Education).ClaimName;

    private async Task RunAsync(Action<SimulatedCloudHost> action, string database = "vppbooks.db", params string[] more)
    {
        await using var app = await VppBooksApp.CreateAsync(
            [
                "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", "--SimulatedCloud:Port=0", "--SimulatedCloud:EntraPort=0",
                $"--ConnectionStrings:VppBooks=Data Source={Path.Combine(_folder, database)};Pooling=False",
                "--Scheduler:Store=Memory", "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal", .. more,
            ],
            CancellationToken.None);
        action(app.Cloud!);
    }
}

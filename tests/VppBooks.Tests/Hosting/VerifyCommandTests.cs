using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Locations;
using VppBooks.Tests.Locations;
using VppBooks.Web;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Hosting;

/// <summary>"verify" on the command line, as the real program runs it: what it prints, how it ends, and that it leaves everything as it was.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private const string Business = "3104477120056341";

    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-verify-").FullName;

    private string Database => Path.Combine(_folder, "vppbooks.db");

    private string StateFile => Path.Combine(_folder, "simulated-cloud.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_asks_the_running_Apple_and_else_its_state_file_and_ends_as_it_found()
    {
        await using (var app = await VppBooksApp.CreateAsync(Arguments(port: 0), CancellationToken.None))
        {
            await app.Web.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(2, (await VerifyAsync(new Uri(app.Cloud!.BaseUrl).Port)).Code);

            await StockAsync(app);
            app.Cloud!.Apple.ClearRequests();
            var (code, output) = await VerifyAsync(new Uri(app.Cloud.BaseUrl).Port);
            Assert.Equal(0, code);
            Assert.Contains("Everything adds up.", output, StringComparison.Ordinal);
            Assert.Contains("Business: 10 books", output, StringComparison.Ordinal);
            Assert.NotEmpty(app.Cloud.Apple.Requests);
            // The console beside it may register for notifications meanwhile.
            Assert.DoesNotContain(app.Cloud.Apple.Requests, r => r.Method != "GET" && !r.Path.EndsWith("/client/config", StringComparison.Ordinal));
            await app.Web.StopAsync(TestContext.Current.CancellationToken);
        }

        // Nobody runs any more: Apple is what the state file says, and stays so.
        var (database, apple) = (await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(StateFile, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await VerifyAsync(port: 0)).Code);
        Assert.Equal(database, await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken));
        Assert.Equal(apple, await File.ReadAllTextAsync(StateFile, TestContext.Current.CancellationToken));

        await ExecuteAsync("""DELETE FROM "ForeignHoldings" WHERE "rowid" = (SELECT MIN("rowid") FROM "ForeignHoldings")""");
        var wrong = await VerifyAsync(port: 0);
        Assert.Equal(1, wrong.Code);
        var line = Assert.Single(wrong.Output.Split('\n'), l => l.StartsWith("No explanation I3 - Business, ", StringComparison.Ordinal));
        Assert.Contains("Assigned licenses as Apple counts them: ", line, StringComparison.Ordinal);
        Assert.Contains("No explanation was found. Sync the token and verify again.", line, StringComparison.Ordinal);
        Assert.Contains("1 of 1 differences without an explanation.", wrong.Output, StringComparison.Ordinal);

        var json = await VerifyAsync(port: 0, "--json");
        Assert.Equal(1, json.Code);
        var difference = Assert.Single(JsonDocument.Parse(json.Output).RootElement.GetProperty("differences").EnumerateArray());
        Assert.Equal((3, "CountsDiffer", false), (difference.GetProperty("invariant").GetInt32(), difference.GetProperty("kind").GetString(), difference.GetProperty("explained").GetBoolean()));

        await ExecuteAsync("""UPDATE "Locations" SET "State" = 2""");
        var expired = await VerifyAsync(port: 0);
        Assert.Equal(2, expired.Code);
        Assert.Contains("Not checked - Business: Apple could not be asked about this location. The token has expired. Renew the token on its page.", expired.Output, StringComparison.Ordinal);

        // A database of an earlier version: an upgrade is not for this command.
        await ExecuteAsync("""DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" = (SELECT MAX("MigrationId") FROM "__EFMigrationsHistory")""");
        Assert.Equal(78, await VppBooksApp.RunAsync([VerifyCommand.Name, .. Arguments(port: 0)]));
    }

    [Fact]
    public async Task Without_a_database_it_says_so_and_makes_none()
    {
        await File.WriteAllTextAsync(StateFile, "not read", TestContext.Current.CancellationToken);

        Assert.Equal(78, await VppBooksApp.RunAsync([VerifyCommand.Name, .. Arguments(port: 0)]));

        Assert.Equal([StateFile], Directory.EnumerateFileSystemEntries(_folder));
        Assert.Equal("not read", await File.ReadAllTextAsync(StateFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_setting_it_cannot_use_ends_it_as_it_ends_the_program() =>
        Assert.Equal(78, await VppBooksApp.RunAsync([VerifyCommand.Name, .. Arguments(port: 0), "--Sync:Schedule=often"]));

    private string[] Arguments(int port) =>
    [
        "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", $"--SimulatedCloud:Port={port}", "--SimulatedCloud:EntraPort=0",
        $"--ConnectionStrings:VppBooks=Data Source={Database};Pooling=False", "--Scheduler:Store=Memory", "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal",
    ];

    private async Task<(int Code, string Output)> VerifyAsync(int port, params string[] more)
    {
        await using var output = new StringWriter();
        var code = await VerifyCommand.RunAsync([.. Arguments(port), .. more], output, TestContext.Current.CancellationToken);
        return (code, output.ToString());
    }

    private static async Task StockAsync(VppBooksApp app)
    {
        var created = await app.Web.Services.GetRequiredService<LocationEnrollment>().CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(app.Cloud!.Apple.IssueToken(Business)), Name = "Business", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            TestContext.Current.CancellationToken);
        var id = Assert.IsType<CreateLocationResult.Created>(created).PublicId;
        for (var attempt = 0; (await app.Web.Services.GetRequiredService<LocationDirectory>().FindAsync(id, CoreHouse.Admin, TestContext.Current.CancellationToken))!.Summary.LastSyncedAt is null; attempt++)
        {
            Assert.True(attempt < 300, "The first sync never ended.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        Assert.True(await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0);
    }
}

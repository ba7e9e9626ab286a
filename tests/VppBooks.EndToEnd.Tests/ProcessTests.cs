using System.Net;

namespace VppBooks.EndToEnd.Tests;

/// <summary>The program as users start it: <c>dotnet VppBooks.Web.dll</c>.</summary>
public sealed partial class ProcessTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-process-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Program_becomes_ready_and_stops_cleanly_when_asked()
    {
        // A newcomer's first start: not even the folder of the database is there.
        using var program = StartedProgram.Start(ConsoleFixture.Arguments(Path.Combine(_folder, "data")));
        var address = await program.AddressAsync().WaitAsync(_patience);
        using var client = new HttpClient { BaseAddress = new Uri(address) };

        using var ready = await client.GetAsync("/health/ready");
        var checks = await ready.Content.ReadAsStringAsync();
        Assert.True(ready.StatusCode == HttpStatusCode.OK, checks);
        Assert.Contains("\"scheduler\":{\"status\":\"Healthy\"", checks, StringComparison.Ordinal);

        Assert.Equal(0, await ProbeAsync(address));

        await program.AskToStopAsync();

        Assert.Equal(0, await program.ExitAsync().WaitAsync(_patience));
        Assert.DoesNotContain(" ERR ", program.Output, StringComparison.Ordinal);
        Assert.Equal(1, await ProbeAsync(address));
    }

    [Theory]
    [InlineData("--Database:Provider=Oracle", "Database:Provider must be one of: Sqlite, SqlServer; it is \"Oracle\".")]
    [InlineData("--Sync:Schedule=often", "Sync:Schedule must be a Quartz cron expression")]
    [InlineData("--environment=Production", "SimulatedCloud:Enabled must be false in the Production environment")]
    public async Task Setting_it_cannot_use_stops_the_program_with_a_sentence(string argument, string sentence)
    {
        using var program = StartedProgram.Start([.. ConsoleFixture.Arguments(_folder), argument]);

        Assert.Equal(78, await program.ExitAsync().WaitAsync(_patience));
        Assert.Contains(sentence, program.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Errors, StringComparison.Ordinal);
    }

    /// <summary>What a container engine runs inside the container.</summary>
    private static async Task<int> ProbeAsync(string address)
    {
        using var probe = StartedProgram.Start(["healthcheck", address + "/health/ready"]);
        return await probe.ExitAsync().WaitAsync(_patience);
    }
}

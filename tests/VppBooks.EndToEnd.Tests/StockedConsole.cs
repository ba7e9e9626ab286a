using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;

namespace VppBooks.EndToEnd.Tests;

/// <summary>A console of its own whose education location has been uploaded and synced.</summary>
public sealed class StockedConsole : IAsyncLifetime
{
    /// <summary>"Noordrand Education" at Apple's stand-in.</summary>
    public const string EducationUId = "3104477120056218";

    /// <summary>"Max Havelaar": 900 copies in standard quality.</summary>
    public const string MaxHavelaar = "6478120000";

    /// <summary>"Dik Trom": 120 copies, most of them free.</summary>
    public const string DikTrom = "395218091";

    public static Actor Admin { get; } = new(ActorKind.Person, "tests", "Tests", Actor.ForRoles([AppRoles.Administrator]));

    public StockedConsole()
        : this([])
    {
    }

    /// <param name="settings">Settings beyond the demo's, as on the command line.</param>
    internal StockedConsole(string[] settings) => Console = new ConsoleFixture(settings);

    public ConsoleFixture Console { get; }

    public async ValueTask InitializeAsync()
    {
        await Console.InitializeAsync();
        var token = Console.Cloud.Apple.IssueToken(EducationUId);
        var created = await Console.Services.GetRequiredService<LocationEnrollment>().CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(token), Name = "Education", AppleAccount = "vpp@noordrand.example", ConsentGranted = true },
            Admin, CancellationToken.None);
        var location = Assert.IsType<CreateLocationResult.Created>(created);
        await WaitAsync(async () => (await LocationAsync(location.PublicId)).LastSyncedAt is not null, "the first sync");
        await WaitAsync(async () => (await FindBookAsync("Max Havelaar")).Title is not null, "the store's titles");
    }

    public ValueTask DisposeAsync() => Console.DisposeAsync();

    public async Task<BookRow> FindBookAsync(string title)
    {
        var page = await Console.Services.GetRequiredService<BookCatalog>().ListAsync(new BookQuery { Search = title }, Actor.System, CancellationToken.None);
        return page.Rows.FirstOrDefault(b => b.PricingParam == VppBooks.Apple.PricingParam.STDQ) ?? page.Rows[0];
    }

    /// <summary>Waits for background work; a minute is far more than it takes.</summary>
    public static async Task WaitAsync(Func<Task<bool>> done, string what)
    {
        for (var attempt = 0; attempt < 240; attempt++)
        {
            try
            {
                if (await done())
                {
                    return;
                }
            }
            catch (Exception e) when ((e is InvalidOperationException or ArgumentOutOfRangeException) && attempt < 239)
            {
                // Not there yet.
            }

            await Task.Delay(250);
        }

        Assert.Fail($"Gave up waiting for {what}.");
    }

    private async Task<LocationSummary> LocationAsync(Guid publicId) =>
        (await Console.Services.GetRequiredService<LocationDirectory>().FindAsync(publicId, Admin, CancellationToken.None))!.Summary;
}

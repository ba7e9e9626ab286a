using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Tests.Sync;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Tests.Reports;

/// <summary>More books than a page holds: each of two tokens has all of them, and somebody waits for each of the first token's.</summary>
public sealed class ManyBooks : IAsyncLifetime
{
    public const int Count = 60;

    internal SyncFixture Fixture { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Fixture = await SyncFixture.StartAsync();
        var (reader, _) = await Fixture.AddPersonAsync("Ben");
        await using var db = Fixture.Open();
        var second = new Location
        {
            PublicId = Guid.NewGuid(),
            UId = "3104477120059999",
            Name = "Second",
            OrganizationName = "Riverside",
            LocationName = "Riverside North",
            AppleAccount = "",
            CountryOrRegion = "NL",
            State = TokenState.Valid,
        };
        db.Locations.Add(second);
        var titles = Enumerable.Range(1, Count).Select(n => new Title { AdamId = 7_000_000 + n, Storefront = "NL", Name = $"Title {n:00}" }).ToList();
        db.Titles.AddRange(titles);
        await db.SaveChangesAsync();

        var books = titles.ConvertAll(t => ABook(Fixture.LocationId, t, assigned: 5, free: 0));
        db.Books.AddRange(books);
        db.Books.AddRange(titles.Select(t => ABook(second.Id, t, assigned: 0, free: 9)));
        await db.SaveChangesAsync();
        db.Licenses.AddRange(books.Select(b => new License { PersonId = reader, BookId = b.Id, AdamId = b.AdamId, State = LicenseState.Waiting }));
        await db.SaveChangesAsync();
    }

    public ValueTask DisposeAsync() => Fixture.DisposeAsync();

    private static Book ABook(int location, Title title, int assigned, int free) => new()
    {
        PublicId = Guid.NewGuid(),
        LocationId = location,
        AdamId = title.AdamId,
        PricingParam = PricingParam.STDQ,
        TitleId = title.Id,
        TotalCount = assigned + free,
        AssignedCount = assigned,
        AvailableCount = free,
    };
}

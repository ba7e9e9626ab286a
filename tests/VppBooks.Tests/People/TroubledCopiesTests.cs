using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Reports;

namespace VppBooks.Tests.People;

/// <summary>Copies that are spent and cannot be read: Anna's at the token where she has no registration, and what Carol took along.</summary>
public sealed class TroubledCopiesTests(ReportWorld world) : IClassFixture<ReportWorld>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CopyTrouble.Stuck, "Anna", "Second", RegistrationState.None)]
    [InlineData(CopyTrouble.WithLeavers, "Carol", "Central", RegistrationState.Associated)]
    public async Task Each_trouble_lists_its_copies_with_the_holders_standing_at_their_token(CopyTrouble trouble, string person, string token, RegistrationState standing)
    {
        var page = await world.Get<TroubledCopies>().ListAsync(new CopiesQuery(trouble), CoreHouse.Helpdesk, Cancel);

        var copy = Assert.Single(page.Rows);
        Assert.Equal((person, token, standing, world.Biology.AdamId), (copy.DisplayName, copy.LocationName, copy.Registration, copy.AdamId));
        Assert.Equal(trouble == CopyTrouble.WithLeavers, copy.GoneSince is not null);
        Assert.Equal((1, false), (page.Total, page.More));
        Assert.Empty((await world.Get<TroubledCopies>().ListAsync(new CopiesQuery(trouble) { Skip = 1 }, CoreHouse.Helpdesk, Cancel)).Rows);
        Assert.Equal(0, (await world.Get<TroubledCopies>().ListAsync(new CopiesQuery(trouble) { Search = "nobody" }, CoreHouse.Helpdesk, Cancel)).Total);
        var holders = await world.Get<PeopleCatalog>().ListAsync(new PeopleQuery { Copies = trouble }, CoreHouse.Helpdesk, Cancel);
        Assert.Equal([person], holders.Rows.Select(p => p.DisplayName));
    }

    [Fact]
    public async Task Who_may_not_read_sees_no_copy() =>
        await Assert.ThrowsAsync<NotAllowedException>(() => world.Get<TroubledCopies>().ListAsync(new CopiesQuery(CopyTrouble.Stuck), CoreHouse.Nobody, Cancel));
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
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
    public async Task Who_has_a_retired_record_only_has_left_and_who_has_another_beside_it_has_not()
    {
        await using var db = world.Fixture.Open();
        var record = await db.VppUsers.SingleAsync(u => db.People.Any(p => p.Id == u.PersonId && p.DisplayName == "Anna"), Cancel);
        record.Retired = true;
        await db.SaveChangesAsync(Cancel);
        try
        {
            Assert.Equal(
                [("Anna", 0L, "Central"), ("Anna", 1L, "Central"), ("Anna", 2L, "Central"), ("Carol", 0L, "Central")],
                (await RowsAsync(CopyTrouble.WithLeavers)).Select(c => (c.DisplayName, c.AdamId - world.Biology.AdamId, c.LocationName)).Order());
            Assert.Equal([("Anna", "Second")], (await RowsAsync(CopyTrouble.Stuck)).Select(c => (c.DisplayName, c.LocationName)));

            var beside = new VppUser { LocationId = record.LocationId, PersonId = record.PersonId, ClientUserId = record.ClientUserId, Status = VppUserStatus.Registered };
            db.VppUsers.Add(beside);
            await db.SaveChangesAsync(Cancel);
            Assert.Equal(["Carol"], (await RowsAsync(CopyTrouble.WithLeavers)).Select(c => c.DisplayName));
            Assert.Equal([0L, 0L, 1L, 2L], (await RowsAsync(CopyTrouble.Stuck)).Select(c => c.AdamId - world.Biology.AdamId).Order());
            db.VppUsers.Remove(beside);
        }
        finally
        {
            record.Retired = false;
            await db.SaveChangesAsync(Cancel);
        }
    }

    [Fact]
    public async Task What_is_read_behind_a_copy_begins_there_although_copies_before_it_are_gone()
    {
        await using var db = world.Fixture.Open();
        var record = await db.VppUsers.SingleAsync(u => db.People.Any(p => p.Id == u.PersonId && p.DisplayName == "Anna"), Cancel);
        record.Retired = true;
        await db.SaveChangesAsync(Cancel);
        var all = await RowsAsync(CopyTrouble.WithLeavers);
        List<TroubledCopy> paged = [];
        while (await BehindAsync(paged.LastOrDefault(), take: 1) is [var next])
        {
            paged.Add(next);
        }

        Assert.Equal(all, paged);
        record.Retired = false;
        await db.SaveChangesAsync(Cancel);
        Assert.Equal(["Carol"], (await BehindAsync(all[0], take: 999)).Select(c => c.DisplayName));
        Assert.Empty(await BehindAsync(all[^1], take: 999));

        Task<IReadOnlyList<TroubledCopy>> BehindAsync(TroubledCopy? after, int take) => world.Get<TroubledCopies>().ListBehindAsync(CopyTrouble.WithLeavers, null, after, take, CoreHouse.Helpdesk, Cancel);
    }

    private async Task<IReadOnlyList<TroubledCopy>> RowsAsync(CopyTrouble trouble) =>
        (await world.Get<TroubledCopies>().ListAsync(new CopiesQuery(trouble) { Take = 999 }, CoreHouse.Helpdesk, Cancel)).Rows;

    [Fact]
    public async Task Who_may_not_read_sees_no_copy() =>
        await Assert.ThrowsAsync<NotAllowedException>(() => world.Get<TroubledCopies>().ListAsync(new CopiesQuery(CopyTrouble.Stuck), CoreHouse.Nobody, Cancel));
}

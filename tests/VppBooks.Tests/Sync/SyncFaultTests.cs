using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Sync;

/// <summary>The read faults of the fault matrix.</summary>
public sealed class SyncFaultTests
{
    [Fact]
    public async Task F20_data_that_moves_while_paging_is_published_without_removing_anything_and_the_next_run_completes_it()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var (books, users) = Fill(fixture, books: 4, users: 12);
        await fixture.SyncAsync();
        fixture.Take(books[0], users[0]);
        fixture.AddUser("rv-new");
        fixture.Once("/assignments?pageIndex=2", () =>
        {
            fixture.Give(books[3], "rv-new");
            return Task.CompletedTask;
        });

        var moved = await fixture.SyncAsync(SyncReason.TakeOver);

        Assert.Equal(SyncResult.Partial, moved.Result);
        Assert.True(await HoldsAsync(fixture, books[3], "rv-new"));
        fixture.BeforeRequest = null;
        var next = await fixture.SyncAsync(SyncReason.TakeOver);
        Assert.Equal(SyncResult.Succeeded, next.Result);
        Assert.False(await HoldsAsync(fixture, books[0], users[0]));
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F21_a_page_that_fails_for_good_publishes_nothing()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var (books, _) = Fill(fixture, books: 4, users: 12);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        var watermark = (await fixture.LocationAsync()).AssignmentsVersionId;
        fixture.Apple.Buy(SyncFixture.UId, books[0], "STDQ", 50);
        fixture.AddUser("rv-new");
        fixture.Give(books[0], "rv-new");
        fixture.Apple.Faults.Add(new Fault { Action = FaultAction.Respond, Status = 500, Path = "*/assignments", Query = "pageIndex=2", Times = 0 });

        var run = await fixture.SyncAsync(SyncReason.TakeOver);

        Assert.Equal((SyncResult.Failed, "AppleUnavailable"), (run.Result, run.ErrorCode));
        Assert.Equal(before, await fixture.DumpAsync());
        var location = await fixture.LocationAsync();
        Assert.Equal((watermark, SyncStatus.Failed), (location.AssignmentsVersionId, location.SyncStatus));
        Assert.Equal((0, 0, 0, 0), await fixture.StagedAsync());
        fixture.Apple.Faults.Clear();
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync()).Result);
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F22_an_unknown_version_leads_to_one_full_sync()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 5);
        var (books, _) = Fill(fixture, books: 4, users: 12);
        await fixture.SyncAsync();
        fixture.Apple.ForgetVersions();
        fixture.AddUser("rv-new");
        fixture.Give(books[0], "rv-new");

        var full = await fixture.SyncAsync();
        var delta = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, true, 3), (full.Result, full.Full, full.RowsChanged));
        Assert.Equal((SyncResult.Succeeded, false), (delta.Result, delta.Full));
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F23_what_a_killed_run_left_is_cleaned_and_the_old_picture_stands()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var (books, _) = Fill(fixture, books: 4, users: 12);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        await using (var db = fixture.Open())
        {
            var dead = new SyncRun { PublicId = Guid.NewGuid(), LocationId = fixture.LocationId, Reason = SyncReason.Schedule, Phase = SyncPhase.Assignments };
            db.SyncRuns.Add(dead);
            await db.SaveChangesAsync();
            db.StagedAssignments.Add(new StagedAssignment { RunId = dead.Id, BookKey = 1, ClientUserId = "rv-0001" });
            db.StagedUsers.Add(new StagedUser { RunId = -fixture.LocationId, ClientUserId = "rv-0001" });
            await db.SaveChangesAsync();
        }

        Assert.True(await fixture.Get<LocationSync>().RecoverAsync(fixture.Lease, CancellationToken.None));

        Assert.Equal(before, await fixture.DumpAsync());
        Assert.Equal((0, 0, 0, 0), await fixture.StagedAsync());
        Assert.Equal(SyncReason.Schedule, (await fixture.LocationAsync()).SyncWanted);
        var history = await fixture.Get<SyncHistory>().ListAsync(null, 0, 10, CoreHouse.Admin, CancellationToken.None);
        Assert.Equal((SyncResult.Failed, "Interrupted"), (history.Rows[^1].Result, history.Rows[^1].ErrorCode));
        Assert.False(await fixture.Get<LocationSync>().RecoverAsync(fixture.Lease, CancellationToken.None));
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync()).Result);
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F23_stopping_the_program_in_the_middle_publishes_nothing()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var (books, _) = Fill(fixture, books: 4, users: 12);
        using var stop = new CancellationTokenSource();
        fixture.Once("/assignments?pageIndex=2", () => stop.CancelAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.SyncAsync(cancellationToken: stop.Token));

        await using (var db = fixture.Open())
        {
            Assert.Equal(SyncResult.Canceled, (await db.SyncRuns.SingleAsync()).Result);
            Assert.False(await db.Books.AnyAsync());
            Assert.False(await db.VppUsers.AnyAsync());
        }

        // The next start owes it.
        var location = await fixture.LocationAsync();
        Assert.Equal((SyncReason.Manual, "A. Admin", SyncStatus.InProgress), (location.SyncWanted, location.SyncWantedByName, location.SyncStatus));
        Assert.Equal((0, 0, 0, 0), await fixture.StagedAsync());
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync()).Result);
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task A_run_that_lost_the_lease_publishes_nothing()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        Fill(fixture, books: 4, users: 12);
        fixture.Once("/assignments?pageIndex=2", async () =>
        {
            await using var db = fixture.Open();
            await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, "other").SetProperty(l => l.FenceToken, l => l.FenceToken + 1));
        });

        await Assert.ThrowsAsync<LeaseLostException>(() => fixture.SyncAsync());

        await using var after = fixture.Open();
        Assert.False(await after.Books.AnyAsync());
    }

    [Fact]
    public async Task F47_What_a_run_that_lost_the_lease_was_to_do_is_wished_for_again_by_the_next_owner()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        Fill(fixture, books: 4, users: 12);
        using var held = new CancellationTokenSource();
        fixture.Once("/assignments?pageIndex=2", async () =>
        {
            await using var db = fixture.Open();
            await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, "").SetProperty(l => l.FenceToken, l => l.FenceToken + 1));
            await held.CancelAsync();
        });
        await Assert.ThrowsAsync<LeaseLostException>(() => fixture.SyncAsync(SyncReason.Upload, held.Token));

        var next = await fixture.Get<LocationLeases>().TryAcquireAsync(fixture.LocationId, CancellationToken.None);
        Assert.True(await fixture.Get<LocationSync>().RecoverAsync(next!, CancellationToken.None));

        var location = await fixture.LocationAsync();
        Assert.Equal((SyncReason.Upload, "A. Admin", SyncStatus.InProgress), (location.SyncWanted, location.SyncWantedByName, location.SyncStatus));
    }

    [Theory]
    [InlineData(FaultAction.HtmlBadGateway, "AppleUnavailable")]
    [InlineData(FaultAction.TruncatedBody, "UpstreamMalformed")]
    [InlineData(FaultAction.EmptyBody, "UpstreamMalformed")]
    [InlineData(FaultAction.WrongTypes, "UpstreamMalformed")]
    [InlineData(FaultAction.HugeBody, "UpstreamMalformed")]
    public async Task F24_an_answer_that_cannot_be_read_fails_the_run(FaultAction action, string code)
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, _) = Fill(fixture, books: 3, users: 5);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        fixture.Apple.Buy(SyncFixture.UId, books[0], "STDQ", 50);
        fixture.Apple.Faults.Add(new Fault { Action = action, Path = "*/users", Times = 0 });

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Failed, code), (run.Result, run.ErrorCode));
        Assert.Equal(before, await fixture.DumpAsync());
    }

    [Fact]
    public async Task F25_fields_that_nobody_documented_are_ignored()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, _) = Fill(fixture, books: 3, users: 5);
        fixture.Apple.Switches.ExtraFields = true;

        var run = await fixture.SyncAsync();

        Assert.Equal(SyncResult.Succeeded, run.Result);
        await AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F26_a_store_that_does_not_answer_does_not_hold_licenses_up()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var (books, _) = Fill(fixture, books: 3, users: 5);
        fixture.BeforeRequest = address => address.AbsolutePath.Contains("lookup", StringComparison.OrdinalIgnoreCase) ? throw new HttpRequestException("The store is away.") : Task.CompletedTask;

        var run = await fixture.SyncAsync();

        Assert.Equal(SyncResult.Succeeded, run.Result);
        await AgreesWithAppleAsync(fixture, books);
        Assert.Null((await fixture.BookAsync(books[0])).TitleId);
        fixture.BeforeRequest = null;
        await fixture.SyncAsync();
        Assert.NotNull((await fixture.BookAsync(books[0])).TitleId);
    }

    [Fact]
    public async Task A_location_claimed_by_another_manager_is_left_alone()
    {
        await using var fixture = await SyncFixture.StartAsync();
        Fill(fixture, books: 3, users: 5);
        await fixture.SyncAsync();
        var before = (await fixture.DumpAsync()).Replace("AuditEvents", "", StringComparison.Ordinal).Length;
        fixture.Apple.ClaimByOtherMdm(SyncFixture.UId, "OtherMDM");

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Failed, "ClaimLost"), (run.Result, run.ErrorCode));
        var location = await fixture.LocationAsync();
        Assert.Equal((TokenState.AssignedToExternalMdm, "OtherMDM", true), (location.State, location.ClaimedByName, location.MustReadFirst));
        Assert.True(before > 0);
    }

    [Fact]
    public async Task A_revoked_token_fails_the_run_and_says_what_to_do()
    {
        await using var fixture = await SyncFixture.StartAsync();
        Fill(fixture, books: 3, users: 5);
        await fixture.SyncAsync();
        fixture.Apple.RevokeTokens(SyncFixture.UId);

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Failed, "TokenRejected", 9625), (run.Result, run.ErrorCode, run.ErrorNumber));
        Assert.NotEmpty(run.ErrorDetail!);
        Assert.Equal(TokenState.Invalid, (await fixture.LocationAsync()).State);
    }

    private static (List<string> Books, List<string> Users) Fill(SyncFixture fixture, int books, int users)
    {
        var ids = Enumerable.Range(1, books).Select(i => fixture.AddBook(i)).ToList();
        var people = Enumerable.Range(1, users).Select(i => $"rv-{i:D4}").ToList();
        for (var i = 0; i < users; i++)
        {
            fixture.AddUser(people[i]);
            fixture.Give(ids[i % (books - 1)], people[i]);
        }

        return (ids, people);
    }

    private static async Task<bool> HoldsAsync(SyncFixture fixture, string adamId, string clientUserId)
    {
        var book = await fixture.BookAsync(adamId);
        await using var db = fixture.Open();
        return await db.ForeignHoldings.AnyAsync(h => h.BookId == book.Id && db.VppUsers.Any(u => u.Id == h.VppUserId && u.ClientUserId == clientUserId));
    }

    /// <summary>I3: counts, and row by row.</summary>
    internal static async Task AgreesWithAppleAsync(SyncFixture fixture, IEnumerable<string> adamIds)
    {
        foreach (var adamId in adamIds)
        {
            var book = await fixture.BookAsync(adamId);
            var counts = fixture.Apple.Counts(SyncFixture.UId, adamId);
            Assert.Equal((counts.Total, counts.Assigned, counts.Available), ((int)book.TotalCount, (int)book.AssignedCount, (int)book.AvailableCount));
            await using var db = fixture.Open();
            var ours = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned)
                .Select(l => db.VppUsers.First(u => u.PersonId == l.PersonId && u.LocationId == fixture.LocationId).ClientUserId).ToListAsync();
            var foreign = await db.ForeignHoldings.Where(h => h.BookId == book.Id).Select(h => db.VppUsers.First(u => u.Id == h.VppUserId).ClientUserId).ToListAsync();
            Assert.Equal(fixture.Apple.Holders(SyncFixture.UId, adamId).Order(), ours.Concat(foreign).Order());
        }
    }
}

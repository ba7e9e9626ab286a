using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Persistence;
using VppBooks.Tests.Sync;

namespace VppBooks.Tests.Licenses;

public abstract class LedgerReaderTests(ITestDatabase database)
{
    [Theory]
    [InlineData(LicenseState.Reserved)]
    [InlineData(LicenseState.Submitting)]
    [InlineData(LicenseState.Submitted)]
    [InlineData(LicenseState.Waiting)]
    [InlineData(LicenseState.Failed)]
    [InlineData(LicenseState.Unknown)]
    [InlineData(LicenseState.Held)]
    [InlineData(LicenseState.Canceled)]
    [InlineData(LicenseState.Vanished)]
    public async Task A_license_seen_at_Apple_is_assigned_whatever_we_thought_of_it(LicenseState before)
    {
        await using var fixture = await database.StartAsync();
        var (book, person, clientUserId) = await BookAndPersonAsync(fixture);
        var license = await fixture.AddLicenseAsync(person, book, before);
        fixture.Give(book.Key.AdamId, clientUserId);

        var reading = await ReadDeltaAsync(fixture);

        var row = Assert.Single(await fixture.LicensesAsync());
        Assert.Equal((license.Id, LicenseState.Assigned, (byte)0, (int?)null), (row.Id, row.State, row.Ordinal, row.ErrorNumber));
        Assert.Equal(new LedgerReading(Clean: true, Rows: 1, RowsChanged: 1), reading);
        var now = await fixture.BookAsync(book.Key.AdamId);
        Assert.Equal((book.AssignedCount + 1, book.AvailableCount - 1), (now.AssignedCount, now.AvailableCount));
        await using var db = fixture.Open();
        Assert.Contains(await db.AuditEvents.ToListAsync(), e => e.BookId == book.Id && e.Action.StartsWith("licenses.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(LicenseState.Reserved)]
    [InlineData(LicenseState.Waiting)]
    [InlineData(LicenseState.Held)]
    [InlineData(LicenseState.Failed)]
    [InlineData(LicenseState.Canceled)]
    [InlineData(LicenseState.Vanished)]
    public async Task A_wish_that_was_not_sent_is_fulfilled_by_the_other_quality(LicenseState before)
    {
        await using var fixture = await database.StartAsync();
        var (book, person, clientUserId) = await BookAndPersonAsync(fixture);
        var plus = await fixture.BookAsync(book.Key.AdamId, "PLUS");
        var license = await fixture.AddLicenseAsync(person, book, before);
        fixture.Give(book.Key.AdamId, clientUserId, "PLUS");

        await ReadDeltaAsync(fixture);

        var row = Assert.Single(await fixture.LicensesAsync());
        Assert.Equal((license.Id, plus.Id, LicenseState.Assigned), (row.Id, row.BookId, row.State));
    }

    [Theory]
    [InlineData(LicenseState.Assigned)]
    [InlineData(LicenseState.Submitting)]
    [InlineData(LicenseState.Submitted)]
    [InlineData(LicenseState.Unknown)]
    public async Task A_second_copy_gets_a_row_of_its_own_when_the_first_may_be_spent(LicenseState before)
    {
        await using var fixture = await database.StartAsync();
        var (book, person, clientUserId) = await BookAndPersonAsync(fixture);
        var plus = await fixture.BookAsync(book.Key.AdamId, "PLUS");
        await fixture.AddLicenseAsync(person, book, before);
        fixture.Give(book.Key.AdamId, clientUserId, "PLUS");

        await ReadDeltaAsync(fixture);

        var rows = await fixture.LicensesAsync();
        Assert.Equal([(book.Id, before, (byte)0), (plus.Id, LicenseState.Assigned, (byte)1)], rows.Select(r => (r.BookId, r.State, r.Ordinal)));
        Assert.Equal(LicenseSource.FoundAtApple, rows[1].Source);
    }

    [Fact]
    public async Task Copies_of_both_qualities_found_together_get_two_rows_and_reading_again_changes_nothing()
    {
        await using var fixture = await database.StartAsync();
        var (book, _, clientUserId) = await BookAndPersonAsync(fixture);
        fixture.Give(book.Key.AdamId, clientUserId);
        fixture.Give(book.Key.AdamId, clientUserId, "PLUS");
        await ReadDeltaAsync(fixture);
        var before = await fixture.DumpAsync();

        var delta = await ReadDeltaAsync(fixture);
        var books = await ReadBooksAsync(fixture, book);

        Assert.Equal([0, 1], (await fixture.LicensesAsync()).Select(l => (int)l.Ordinal));
        Assert.All(await fixture.LicensesAsync(), l => Assert.Equal((LicenseState.Assigned, LicenseSource.FoundAtApple), (l.State, l.Source)));
        Assert.Equal((0, 0), (delta.RowsChanged, books.RowsChanged));
        Assert.Equal(before, await fixture.DumpAsync());
    }

    [Fact]
    public async Task Absence_in_a_complete_reading_counts_the_second_time_and_presence_makes_it_good_again()
    {
        await using var fixture = await database.StartAsync();
        var (book, person, clientUserId) = await BookAndPersonAsync(fixture);
        await fixture.AddLicenseAsync(person, book, LicenseState.Assigned);

        await ReadDeltaAsync(fixture);
        Assert.False(Assert.Single(await fixture.LicensesAsync()).MissedOnce);
        await ReadBooksAsync(fixture, book);
        Assert.True(Assert.Single(await fixture.LicensesAsync()) is { MissedOnce: true, State: LicenseState.Assigned });
        fixture.Give(book.Key.AdamId, clientUserId);
        await ReadBooksAsync(fixture, book);
        Assert.True(Assert.Single(await fixture.LicensesAsync()) is { MissedOnce: false, State: LicenseState.Assigned });
        fixture.Take(book.Key.AdamId, clientUserId);
        await ReadBooksAsync(fixture, book);
        await ReadBooksAsync(fixture, book);
        Assert.True(Assert.Single(await fixture.LicensesAsync()) is { MissedOnce: false, State: LicenseState.Vanished });
    }

    [Fact]
    public async Task Holdings_of_others_come_at_once_and_go_only_with_a_complete_reading()
    {
        await using var fixture = await database.StartAsync();
        var (book, _, _) = await BookAndPersonAsync(fixture);
        fixture.AddUser("rv-0001");
        fixture.Give(book.Key.AdamId, "rv-0001");
        await ReadDeltaAsync(fixture);
        Assert.Equal(1, await CountForeignAsync(fixture));
        Assert.Equal(book.AssignedCount + 1, (await fixture.BookAsync(book.Key.AdamId)).AssignedCount);

        fixture.Take(book.Key.AdamId, "rv-0001");
        await ReadDeltaAsync(fixture);
        Assert.Equal(1, await CountForeignAsync(fixture));
        await ReadBooksAsync(fixture, book);
        Assert.Equal(0, await CountForeignAsync(fixture));
    }

    [Fact]
    public async Task A_license_on_a_retired_record_still_belongs_to_the_person()
    {
        await using var fixture = await database.StartAsync();
        var (book, person, clientUserId) = await BookAndPersonAsync(fixture);
        fixture.Give(book.Key.AdamId, clientUserId);
        await ReadDeltaAsync(fixture);

        fixture.Retire(clientUserId);
        await ReadUsersAsync(fixture);
        var afterwards = await ReadDeltaAsync(fixture);
        await ReadBooksAsync(fixture, book);

        var row = Assert.Single(await fixture.LicensesAsync());
        Assert.Equal((person, LicenseState.Assigned, false, 0), (row.PersonId, row.State, row.MissedOnce, afterwards.RowsChanged));
        await using var db = fixture.Open();
        var user = Assert.Single(await db.VppUsers.Where(u => u.PersonId == person).ToListAsync());
        Assert.Equal((true, VppUserStatus.Retired), (user.Retired, user.Status));
    }

    [Fact]
    public async Task A_person_who_returns_gets_a_second_record_that_is_ours_as_well()
    {
        await using var fixture = await database.StartAsync();
        var (_, person, clientUserId) = await BookAndPersonAsync(fixture);
        await ReadUsersAsync(fixture);
        fixture.Retire(clientUserId);
        await ReadUsersAsync(fixture);
        fixture.AddUser(clientUserId, associated: false);

        await ReadUsersAsync(fixture);

        await using var db = fixture.Open();
        var users = await db.VppUsers.Where(u => u.PersonId == person).OrderBy(u => u.Retired).ToListAsync();
        Assert.Equal([(false, VppUserStatus.Registered), (true, VppUserStatus.Retired)], users.Select(u => (u.Retired, u.Status)));
        Assert.NotNull(users[0].InviteSecret);
    }

    [Fact]
    public async Task Invite_codes_of_ours_are_sealed_and_those_of_others_are_not_kept()
    {
        await using var fixture = await database.StartAsync();
        var (person, clientUserId) = await fixture.AddPersonAsync("Anna", atApple: false, VppUserStatus.Unknown);
        var foreign = Guid.NewGuid().ToString("D");
        fixture.AddUser(clientUserId, associated: false);
        fixture.AddUser(foreign, associated: false);
        await using (var db = fixture.Open())
        {
            await db.VppUsers.Where(u => u.PersonId == person).ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, 9635));
        }

        await ReadUsersAsync(fixture);

        await using (var db = fixture.Open())
        {
            var ours = await db.VppUsers.SingleAsync(u => u.ClientUserId == clientUserId);
            var code = fixture.Apple.Users(SyncFixture.UId, clientUserId).Single().InviteCode;
            Assert.Equal(code, fixture.Get<SecretSealer>().Open(ours.InviteSecret!, InvitationLinks.Purpose(clientUserId)));
            Assert.Equal((VppUserStatus.Registered, (int?)null), (ours.Status, ours.ErrorNumber));
            var theirs = await db.VppUsers.SingleAsync(u => u.ClientUserId == foreign);
            Assert.Equal((null, null, null), (theirs.InviteSecret, theirs.InviteHash, theirs.PersonId));
        }

        var again = await ReadUsersAsync(fixture);
        fixture.Apple.AcceptInvitation(fixture.Apple.Users(SyncFixture.UId, clientUserId).Single().InviteCode!, "anna@id.example");
        await ReadUsersAsync(fixture);

        Assert.Equal(0, again.RowsChanged);
        await using (var db = fixture.Open())
        {
            var ours = await db.VppUsers.SingleAsync(u => u.ClientUserId == clientUserId);
            Assert.Equal((VppUserStatus.Associated, null, null), (ours.Status, ours.InviteSecret, ours.InviteHash));
            Assert.NotNull(ours.IdHash);
        }
    }

    [Fact]
    public async Task An_unknown_version_is_answered_by_reading_everything()
    {
        await using var fixture = await database.StartAsync();
        var (book, _, clientUserId) = await BookAndPersonAsync(fixture);
        await ReadUsersAsync(fixture);
        await ReadDeltaAsync(fixture);
        fixture.Give(book.Key.AdamId, clientUserId);
        fixture.Apple.ForgetVersions();

        var users = await ReadUsersAsync(fixture);
        var assignments = await ReadDeltaAsync(fixture);

        Assert.True(users.Clean && assignments.Clean);
        Assert.Equal(LicenseState.Assigned, Assert.Single(await fixture.LicensesAsync()).State);
    }

    [Fact]
    public async Task An_owner_that_lost_the_lease_publishes_nothing()
    {
        await using var fixture = await database.StartAsync();
        var (book, _, clientUserId) = await BookAndPersonAsync(fixture);
        fixture.Give(book.Key.AdamId, clientUserId);
        fixture.Once("/assignments", async () =>
        {
            await using var db = fixture.Open();
            await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, "other").SetProperty(l => l.FenceToken, l => l.FenceToken + 1));
        });

        await Assert.ThrowsAsync<LeaseLostException>(() => ReadDeltaAsync(fixture));

        Assert.Empty(await fixture.LicensesAsync());
    }

    private static async Task<(Book Book, int PersonId, string ClientUserId)> BookAndPersonAsync(SyncFixture fixture)
    {
        var adamId = fixture.AddBook(1);
        fixture.AddBook(1, pricing: "PLUS");
        var (person, clientUserId) = await fixture.AddPersonAsync("Anna");
        await fixture.SyncAsync();
        return (await fixture.BookAsync(adamId), person, clientUserId);
    }

    private static async Task<LedgerReading> ReadDeltaAsync(SyncFixture fixture) =>
        await fixture.Get<LedgerReader>().ReadAssignmentsDeltaAsync(fixture.Lease, await fixture.ConnectAsync(), CancellationToken.None);

    private static async Task<LedgerReading> ReadUsersAsync(SyncFixture fixture) =>
        await fixture.Get<LedgerReader>().ReadUsersDeltaAsync(fixture.Lease, await fixture.ConnectAsync(), CancellationToken.None);

    private static async Task<LedgerReading> ReadBooksAsync(SyncFixture fixture, Book book) =>
        await fixture.Get<LedgerReader>().ReadBooksAsync(fixture.Lease, await fixture.ConnectAsync(), [book.Id], CancellationToken.None);

    private static async Task<int> CountForeignAsync(SyncFixture fixture)
    {
        await using var db = fixture.Open();
        return await db.ForeignHoldings.CountAsync();
    }

    public sealed class OnSqlite() : LedgerReaderTests(new SqliteTestDatabase());

    public sealed class OnSqlServer() : LedgerReaderTests(new SqlServerTestDatabase());
}

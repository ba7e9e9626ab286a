using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Organization;
using static VppBooks.Tests.Locations.UploadRefusalTests;

namespace VppBooks.Tests.Locations;

/// <summary>Renewing, changing, expiring and deleting a location that is here.</summary>
public sealed class LocationChangeTests : IAsyncLifetime
{
    private CoreHouse _house = null!;
    private Guid _id;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _house = await CoreHouse.StartAsync();
        var created = await _house.Enrollment.CreateAsync(ACreate(_house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId)), CoreHouse.Admin, Cancel);
        _id = Assert.IsType<CreateLocationResult.Created>(created).PublicId;
    }

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task Renewing_replaces_the_secret_and_keeps_everything_else()
    {
        var before = await RowAsync();
        await _house.ChangeAsync(db => db.Locations.Single().State = TokenState.Expired);

        var file = _house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId);
        Assert.IsType<ChangeLocationResult.Changed>(await RenewAsync(file));

        var row = await RowAsync();
        Assert.Equal((before.Id, before.ClaimId, before.Name, TokenState.Valid, SyncReason.Upload), (row.Id, row.ClaimId, row.Name, row.State, row.SyncWanted));
        Assert.NotEqual(before.TokenFingerprint, row.TokenFingerprint);
        Assert.Equal(System.Text.Encoding.ASCII.GetString(file), _house.Get<LocationConnections>().Connect(row).Token.ExposeSecret());
    }

    [Fact]
    public async Task Renewing_with_the_same_or_a_foreign_token_changes_nothing()
    {
        var row = await RowAsync();
        var same = System.Text.Encoding.ASCII.GetBytes(_house.Get<LocationConnections>().Connect(row).Token.ExposeSecret());
        var counts = await _house.CountRowsAsync();

        Assert.Equal(("TokenAlreadyUploaded", 409), CodeOf(await RenewAsync(same)));
        Assert.Equal(("TokenBelongsToOtherLibrary", 409), CodeOf(await RenewAsync(_house.Cloud.Apple.IssueToken(DemoOrganization.BusinessUId))));
        Assert.Equal(("TokenFileNotBase64", 400), CodeOf(await RenewAsync("<html>"u8.ToArray())));
        Assert.Equal(("LocationNotFound", 404), CodeOf(await _house.Enrollment.RenewAsync(Guid.NewGuid(), new TokenUpload.File(same), CoreHouse.Admin, Cancel)));
        Assert.Equal(counts, await _house.CountRowsAsync());
        Assert.Equal(row.Version, (await RowAsync()).Version);
    }

    [Fact]
    public async Task A_token_that_cannot_be_decrypted_is_cured_by_uploading_the_same_file()
    {
        var row = await RowAsync();
        var same = System.Text.Encoding.ASCII.GetBytes(_house.Get<LocationConnections>().Connect(row).Token.ExposeSecret());
        _house.Keys.Lost = true;
        await _house.Get<LocationHealth>().RecordAsync(row.Id, Assert.Throws<TokenUnreadableException>(() => _house.Get<LocationConnections>().Connect(row)), Cancel);
        Assert.Equal(LocationCondition.UnreadableHere, (await SummaryAsync()).Condition);
        Assert.Equal(("TokenUnreadable", 409), CodeOf(await _house.Enrollment.TakeControlAsync(_id, CoreHouse.Admin, Cancel)));

        _house.Keys.Lost = false;
        Assert.IsType<ChangeLocationResult.Changed>(await RenewAsync(same));

        Assert.Equal(TokenState.Valid, (await RowAsync()).State);
    }

    [Fact]
    public async Task A_renewal_does_not_take_a_location_back_from_another_mdm()
    {
        _house.Cloud.Apple.ClaimByOtherMdm(DemoOrganization.EducationUId, "Grabber");

        Assert.IsType<ChangeLocationResult.Changed>(await RenewAsync(_house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId)));

        var row = await RowAsync();
        Assert.Equal((TokenState.AssignedToExternalMdm, "Grabber", false, true), (row.State, row.ClaimedByName, row.ClaimConfirmed, row.MustReadFirst));
        Assert.Equal("Grabber", _house.Cloud.Apple.Locations.Single(l => l.UId == DemoOrganization.EducationUId).ClaimName);
    }

    [Fact]
    public async Task Changes_are_checked_recorded_and_refused_when_based_on_an_old_version()
    {
        var version = (await SummaryAsync()).Version;

        var changed = await _house.Enrollment.UpdateAsync(_id, new LocationChange { Name = "  New name ", CountryOrRegion = "be" }, version, CoreHouse.Admin, Cancel);

        Assert.Equal(version + 1, Assert.IsType<ChangeLocationResult.Changed>(changed).Version);
        var row = await RowAsync();
        Assert.Equal(("New name", "BE"), (row.Name, row.CountryOrRegion));
        Assert.NotNull(row.SyncWanted);
        Assert.Equal(("VersionMismatch", 412), CodeOf(await _house.Enrollment.UpdateAsync(_id, new LocationChange { Name = "x" }, version, CoreHouse.Admin, Cancel)));
        Assert.Equal(("NameMissing", 400), CodeOf(await _house.Enrollment.UpdateAsync(_id, new LocationChange { Name = " " }, null, CoreHouse.Admin, Cancel)));
        Assert.Equal(("ConsentMissing", 400), CodeOf(await _house.Enrollment.UpdateAsync(_id, new LocationChange { ConsentGranted = false }, null, CoreHouse.Admin, Cancel)));
        Assert.Equal(["location.created", "location.changed"], await _house.AuditAsync());
        await _house.Enrollment.UpdateAsync(_id, new LocationChange { Name = "New name" }, null, CoreHouse.Admin, Cancel);
        Assert.Equal(2, (await _house.AuditAsync()).Count);
    }

    [Fact]
    public async Task Expiry_shows_at_once_and_is_recorded_by_the_daily_check()
    {
        await _house.ChangeAsync(db => db.Locations.Single().LastSyncedAt = _house.Clock.GetUtcNow());
        Assert.Equal(LocationCondition.Valid, (await SummaryAsync()).Condition);

        _house.Clock.Offset = TimeSpan.FromDays(340);
        Assert.Equal((LocationCondition.ExpiresSoon, TokenState.Valid), ((await SummaryAsync()).Condition, (await SummaryAsync()).State));
        Assert.InRange((await SummaryAsync()).DaysLeft, 24, 26);

        var expires = (await RowAsync()).TokenExpires;
        _house.Clock.Offset += expires - _house.Clock.GetUtcNow() + TimeSpan.FromMinutes(4);
        Assert.Equal(TokenState.Valid, (await SummaryAsync()).State);
        Assert.Equal(0, await _house.Get<LocationExpiry>().MarkAsync(Cancel));

        _house.Clock.Offset += TimeSpan.FromMinutes(2);
        Assert.Equal((LocationCondition.Expired, TokenState.Expired), ((await SummaryAsync()).Condition, (await SummaryAsync()).State));
        Assert.Equal(1, await _house.Get<LocationExpiry>().MarkAsync(Cancel));
        Assert.Equal(0, await _house.Get<LocationExpiry>().MarkAsync(Cancel));
        Assert.Equal(TokenState.Expired, (await RowAsync()).State);
    }

    [Fact]
    public async Task Deleting_gives_up_what_was_not_sent_and_keeps_the_ledger()
    {
        var book = await SeedBookAsync(LicenseState.Assigned, LicenseState.Reserved, LicenseState.Waiting, LicenseState.Held, LicenseState.Failed);
        var before = await RowAsync();

        var preview = await _house.Enrollment.PreviewDeletionAsync(_id, CoreHouse.Admin, Cancel);
        Assert.Equal(new DeletionPreview(1, 1, 3, 0, 0, 1, 1), preview);
        Assert.IsType<ChangeLocationResult.Changed>(await _house.Enrollment.DeleteAsync(_id, CoreHouse.Admin, Cancel));

        await using (var db = await _house.OpenAsync())
        {
            var states = await db.Licenses.OrderBy(l => l.Id).Select(l => l.State).ToListAsync(Cancel);
            Assert.Equal([LicenseState.Assigned, LicenseState.Canceled, LicenseState.Canceled, LicenseState.Canceled, LicenseState.Failed], states);
            Assert.Equal(0, await db.GroupAssignments.CountAsync(Cancel));
            var told = await db.AuditEvents.SingleAsync(a => a.Action == "assignment.removed", Cancel);
            Assert.Equal((before.Id, book, """{"target":"AllUsers","before":"Available"}"""), (told.LocationId, told.BookId, told.Details));
            Assert.Equal(book, (await db.Books.SingleAsync(Cancel)).Id);
            Assert.Null((await db.VppUsers.SingleAsync(Cancel)).InviteSecret);
        }

        var row = await RowAsync();
        Assert.Null(row.TokenSecret);
        Assert.NotNull(row.DeletedAt);
        Assert.Empty(await _house.Locations.ListAsync(CoreHouse.Admin, Cancel));
        Assert.Null(await _house.Locations.FindAsync(_id, CoreHouse.Admin, Cancel));
        Assert.Equal(("LocationNotFound", 404), CodeOf(await _house.Enrollment.DeleteAsync(_id, CoreHouse.Admin, Cancel)));

        // The same location later: the same row, the same claim, the ledger goes on.
        var again = await _house.Enrollment.CreateAsync(ACreate(_house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId)) with { Name = "Again" }, CoreHouse.Admin, Cancel);
        Assert.Equal(_id, Assert.IsType<CreateLocationResult.Created>(again).PublicId);
        row = await RowAsync();
        Assert.Equal((before.Id, before.ClaimId, "Again", true), (row.Id, row.ClaimId, row.Name, row.ClaimConfirmed));
    }

    [Theory]
    [InlineData(LicenseState.Submitting)]
    [InlineData(LicenseState.Submitted)]
    [InlineData(LicenseState.Unknown)]
    public async Task Deleting_is_refused_while_requests_are_open(LicenseState open)
    {
        await SeedBookAsync(LicenseState.Reserved, open);

        Assert.False((await _house.Enrollment.PreviewDeletionAsync(_id, CoreHouse.Admin, Cancel))!.Possible);
        Assert.Equal(("OperationsUnfinished", 409), CodeOf(await _house.Enrollment.DeleteAsync(_id, CoreHouse.Admin, Cancel)));

        Assert.NotNull((await RowAsync()).TokenSecret);
        await using var db = await _house.OpenAsync();
        Assert.Equal([LicenseState.Reserved, open], await db.Licenses.OrderBy(l => l.Id).Select(l => l.State).ToListAsync(Cancel));
        Assert.Equal(1, await db.GroupAssignments.CountAsync(Cancel));
    }

    [Fact]
    public async Task Deleting_takes_the_lease_from_a_worker_in_the_middle_of_something()
    {
        var row = await RowAsync();
        var leases = _house.Get<LocationLeases>();
        var lease = (await leases.TryAcquireAsync(row.Id, Cancel))!;

        await _house.Enrollment.DeleteAsync(_id, CoreHouse.Admin, Cancel);

        await Assert.ThrowsAsync<LeaseLostException>(() => leases.RenewAsync(lease, Cancel));
    }

    [Fact]
    public async Task The_list_adds_up_books_and_licenses()
    {
        var location = (await RowAsync()).Id;
        await _house.ChangeAsync(db => db.Books.AddRange(
            ABook(location, 1, total: 10, assigned: 4),
            ABook(location, 2, total: int.MaxValue, assigned: 7, unlimited: true),
            ABook(location, 3, total: 5, assigned: 5, gone: true),
            ABook(location, 4, total: 0, removed: true)));

        var summary = await SummaryAsync();

        // What people have of a book that Apple no longer lists is theirs all the same.
        Assert.Equal((3, 15L, 9L, 6L, 7L), (summary.Books, summary.LicensesTotal, summary.LicensesUsed, summary.LicensesFree, summary.UnlimitedUsed));
        Assert.Equal(LocationCondition.NeverSynced, summary.Condition);
        Assert.True(summary.SyncWaiting);
    }

    private static Book ABook(int location, long adamId, long total = 10, long assigned = 0, bool unlimited = false, bool gone = false, bool removed = false) => new()
    {
        PublicId = Guid.NewGuid(),
        LocationId = location,
        AdamId = adamId,
        PricingParam = PricingParam.STDQ,
        TotalCount = total,
        AssignedCount = assigned,
        AvailableCount = total - assigned,
        Unlimited = unlimited,
        NoLongerReported = gone,
        RemovedAt = removed ? DateTimeOffset.UnixEpoch : null,
    };

    private static (string Code, int Status) CodeOf(ChangeLocationResult result)
    {
        var refusal = Assert.IsType<ChangeLocationResult.Rejected>(result).Refusal;
        return (refusal.Code, refusal.HttpStatus);
    }

    private async Task<int> SeedBookAsync(params LicenseState[] states)
    {
        var location = (await RowAsync()).Id;
        var book = ABook(location, 42);
        var people = states.Select((_, i) => new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = $"P{i}", UserPrincipalName = $"p{i}@x.example" }).ToList();
        await _house.ChangeAsync(db =>
        {
            db.Books.Add(book);
            db.People.AddRange(people);
        });
        await _house.ChangeAsync(db =>
        {
            foreach (var (state, person) in states.Zip(people))
            {
                db.Licenses.Add(new License { BookId = book.Id, PersonId = person.Id, AdamId = 42, State = state });
            }

            db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = book.Id, AssignedById = "a", AssignedByName = "a" });
            db.VppUsers.Add(new VppUser { LocationId = location, PersonId = people[0].Id, ClientUserId = "c", Status = VppUserStatus.Registered, InviteSecret = [1, 2], InviteHash = [3] });
        });
        return book.Id;
    }

    private Task<Location> RowAsync() => _house.RowAsync(DemoOrganization.EducationUId);

    private async Task<LocationSummary> SummaryAsync() => Assert.Single(await _house.Locations.ListAsync(CoreHouse.Helpdesk, Cancel));

    private Task<ChangeLocationResult> RenewAsync(byte[] file) => _house.Enrollment.RenewAsync(_id, new TokenUpload.File(file), CoreHouse.Admin, Cancel);
}

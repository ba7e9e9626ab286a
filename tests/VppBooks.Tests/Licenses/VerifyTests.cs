using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>The check of the ledger against Apple: what is right is called right, and every kind of difference is found and judged.</summary>
public sealed class VerifyTests
{
    /// <summary>The demo's Max Havelaar: owned in both qualities, and one manager gave both to the same people.</summary>
    private const long GivenTwiceBefore = 6478120000;

    [Fact]
    public async Task A_ledger_that_tells_the_truth_adds_up_and_nothing_is_changed()
    {
        await using var house = await SpendingHouse.StartAsync();
        await GiveAsync(house);
        var (rows, posts) = (await house.Core.CountRowsAsync(), Posts(house));

        var result = await VerifyAsync(house);

        Assert.Empty(result.Differences);
        Assert.Equal(VerificationVerdict.Clean, result.Verdict);
        var counts = Assert.Single(result.Locations);
        Assert.True(counts is { Checked: true, Books: > 10, People: > 100, Assignments: > 100, Licenses: > 10, Operations: > 1, Requests: > 3 }, counts.ToString());
        Assert.Equal(rows, await house.Core.CountRowsAsync());
        Assert.Equal(posts, Posts(house));
    }

    [Fact]
    public async Task I2_A_license_at_Apple_that_the_ledger_lost_has_no_explanation()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 6 WHERE "Id" = {license.Id}""");

        var result = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Unexplained, result.Verdict);
        var missing = Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotInLedger);
        Assert.Equal((2, DifferenceCause.None, 1L), (missing.Invariant, missing.Cause, missing.Count));
        Assert.Equal([await DirectoryIdAsync(house, license.PersonId)], missing.Ids);
        Assert.Equal((book.PublicId, book.AdamId), (missing.Book!.PublicId, missing.Book.AdamId));
        var count = Assert.Single(result.Differences, d => d.Kind == DifferenceKind.CountsDiffer);
        Assert.Equal((3, DifferenceCause.None, count.Here + 1), (count.Invariant, count.Cause, count.AtApple));
        Assert.Equal(2, result.Differences.Count);
    }

    [Fact]
    public async Task I2_A_license_that_the_ledger_made_up_has_no_explanation()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house, "Year 4", free: 150);
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Reserved);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 4 WHERE "Id" = {license.Id}""");

        var result = await VerifyAsync(house);

        var wrong = Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotAtApple);
        Assert.Equal((2, DifferenceCause.None, 1L), (wrong.Invariant, wrong.Cause, wrong.Count));
        Assert.Equal([await DirectoryIdAsync(house, license.PersonId)], wrong.Ids);
    }

    [Fact]
    public async Task I2_What_Apple_took_back_is_explained_at_once_and_after_the_reading_that_missed_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        house.Apple.Switches.RefundTakesAssigned = true;
        var counts = house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString());
        Assert.True(house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), counts.Available + 2));

        var fresh = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Explained, fresh.Verdict);
        var gone = Assert.Single(fresh.Differences, d => d.Kind == DifferenceKind.NotAtApple);
        Assert.Equal((DifferenceCause.TakenBack, 2L, (await house.Core.RowAsync(SpendingHouse.UId)).LastSyncedAt), (gone.Cause, gone.Count, gone.At));
        Assert.Equal(DifferenceCause.TakenBack, Assert.Single(fresh.Differences, d => d.Kind == DifferenceKind.CountsDiffer).Cause);

        await house.SyncAsync();
        var missed = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Explained, missed.Verdict);
        Assert.Equal(DifferenceCause.MissedOnce, Assert.Single(missed.Differences, d => d.Kind == DifferenceKind.NotAtApple).Cause);
    }

    [Fact]
    public async Task I2_What_another_manager_gave_since_the_last_sync_is_explained_until_a_sync_brings_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var other = await house.BookAsync(free: 20);
        await AssociateAsync(house, other.Key, await HolderAsync(house, book));

        var result = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Explained, result.Verdict);
        var found = Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotInLedger);
        Assert.Equal((DifferenceCause.ChangedSinceSync, 1L, other.AdamId), (found.Cause, found.Count, found.Book!.AdamId));
        Assert.Equal(DifferenceCause.ChangedSinceSync, Assert.Single(result.Differences, d => d.Kind == DifferenceKind.CountsDiffer).Cause);

        await house.SyncAsync();

        Assert.Empty((await VerifyAsync(house)).Differences);
    }

    [Fact]
    public async Task I2_A_lost_row_is_not_excused_by_changes_elsewhere()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 6 WHERE "Id" = {license.Id}""");
        var other = await house.BookAsync(free: 20);
        await AssociateAsync(house, other.Key, await HolderAsync(house, book));

        var result = await VerifyAsync(house);

        Assert.Equal(DifferenceCause.None, Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotInLedger && d.Book!.AdamId == book.AdamId).Cause);
        Assert.Equal(DifferenceCause.ChangedSinceSync, Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotInLedger && d.Book!.AdamId == other.AdamId).Cause);
    }

    [Fact]
    public async Task I2_What_an_open_operation_carries_is_on_its_way()
    {
        await using var house = await SpendingHouse.StartAsync();
        await GiveAsync(house);
        var book = await house.BookAsync(free: 60);
        house.Apple.Switches.FreezeEvents = true;
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.StepAsync();
        var submitted = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Submitted);
        Assert.True(submitted > 10);
        Assert.Empty((await VerifyAsync(house)).Differences);
        house.Apple.FinishEvents();

        var result = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Explained, result.Verdict);
        var way = Assert.Single(result.Differences, d => d.Kind == DifferenceKind.NotInLedger);
        var operation = (await house.OperationsAsync(OperationKind.Associate))[^1];
        Assert.Equal((DifferenceCause.OnItsWay, submitted, operation.PublicId, OperationState.Submitted, operation.NextCheckAt), (way.Cause, way.Count, way.OperationId, way.OperationState, way.At));
        Assert.Equal(Math.Min(submitted, Difference.MaxIds), way.Ids.Count);
    }

    [Fact]
    public async Task What_is_settled_while_it_is_looked_at_again_is_no_difference()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 7 WHERE "Id" = {license.Id}""");

        house.Apple.ClearRequests();
        var verifying = VerifyAsync(house, TimeSpan.FromSeconds(2));
        while (!house.Apple.Requests.Any(r => r.Path.EndsWith("/assignments", StringComparison.Ordinal)))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        // Within the pause between the first look and the second.
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(verifying.IsCompleted);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 4 WHERE "Id" = {license.Id}""");

        Assert.Empty((await verifying).Differences);
    }

    [Fact]
    public async Task I3_More_set_aside_than_Apple_has_free_is_explained_only_by_a_change_at_Apple()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house, "Year 4", free: 150);
        var aside = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved);
        Assert.True(aside > 0);
        var quality = book.Key.PricingParam.ToString();
        var free = house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, quality).Available;
        Assert.True(house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, quality, free - aside + 1));

        var moved = Assert.Single((await VerifyAsync(house)).Differences);
        Assert.Equal((3, DifferenceKind.MoreThanStock, DifferenceCause.ChangedSinceSync, 1L), (moved.Invariant, moved.Kind, moved.Cause, moved.Count));

        await ExecuteAsync(house, $"""UPDATE "Books" SET "AvailableCount" = {aside - 1} WHERE "Id" = {book.Id}""");
        var known = Assert.Single((await VerifyAsync(house)).Differences);
        Assert.Equal((DifferenceKind.MoreThanStock, DifferenceCause.None), (known.Kind, known.Cause));
    }

    [Fact]
    public async Task I1_A_copy_that_others_bought_is_explained_and_two_of_our_own_are_not()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var holder = await HolderAsync(house, book);
        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "PLUS", 5);
        await AssociateAsync(house, book.Key with { PricingParam = PricingParam.PLUS }, holder);

        var before = await VerifyAsync(house);

        Assert.Equal(VerificationVerdict.Explained, before.Verdict);
        var twice = Assert.Single(before.Differences, d => d.Kind == DifferenceKind.TitleTwice);
        Assert.Equal((1, DifferenceCause.ChangedSinceSync, 1L, book.AdamId), (twice.Invariant, twice.Cause, twice.Count, twice.Book!.AdamId));
        Assert.Null(Assert.Single(before.Differences, d => d.Kind == DifferenceKind.NotInLedger).Book!.PublicId);

        await house.SyncAsync();
        var known = Assert.Single((await VerifyAsync(house)).Differences);
        Assert.Equal((DifferenceKind.TitleTwice, DifferenceCause.FoundAtApple), (known.Kind, known.Cause));

        await using var db = await house.Core.OpenAsync();
        var operation = await db.Operations.Where(o => o.Kind == OperationKind.CreateUsers).OrderBy(o => o.Id).FirstAsync();
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "OperationId" = {operation.Id} WHERE "AdamId" = {book.AdamId} AND "Ordinal" = 1""");
        var result = await VerifyAsync(house);
        Assert.Equal(VerificationVerdict.Unexplained, result.Verdict);
        var ours = Assert.Single(result.Differences);
        Assert.Equal((DifferenceKind.TitleTwice, DifferenceCause.None), (ours.Kind, ours.Cause));
        Assert.Equal([await DirectoryIdAsync(house, await PersonAsync(house, holder))], ours.Ids);
    }

    [Fact]
    public async Task I1_A_copy_on_a_record_of_others_with_the_same_Apple_Account_is_found()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var holder = await HolderAsync(house, book);
        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, "PLUS", 5);
        await AssociateAsync(house, book.Key with { PricingParam = PricingParam.PLUS }, holder);
        await house.SyncAsync();
        // As if the other record had been made by somebody else: ours is forgotten, its account is not.
        var person = await PersonAsync(house, holder);
        var foreign = Assert.Single(house.Apple.Users(SpendingHouse.UId, holder));
        Assert.NotNull(foreign.IdHash);
        await ExecuteAsync(house, $"""DELETE FROM "Licenses" WHERE "PersonId" = {person}""");
        await ExecuteAsync(house, $"""INSERT INTO "ForeignHoldings" ("BookId", "VppUserId") SELECT b."Id", v."Id" FROM "Books" AS b, "VppUsers" AS v WHERE b."AdamId" = {book.AdamId} AND v."ClientUserId" = {holder}""");
        await ExecuteAsync(house, $"""UPDATE "VppUsers" SET "PersonId" = NULL WHERE "ClientUserId" = {holder}""");

        var twice = Assert.Single((await VerifyAsync(house)).Differences, d => d.Kind == DifferenceKind.TitleTwice);

        Assert.Equal((DifferenceCause.NotOurs, 1L), (twice.Cause, twice.Count));
        Assert.Empty(twice.Ids);
    }

    [Fact]
    public async Task I7_An_operation_that_nobody_asks_for_is_found_and_a_named_thing_explains_it()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        house.Apple.Switches.FreezeEvents = true;
        await house.StepAsync();
        Assert.Empty((await VerifyAsync(house)).Differences);

        house.Core.Clock.Offset += TimeSpan.FromMinutes(5);
        var overdue = Assert.Single((await VerifyAsync(house)).Differences);
        var operation = (await house.OperationsAsync(OperationKind.CreateUsers))[^1];
        Assert.Equal((7, DifferenceKind.OperationOverdue, DifferenceCause.None), (overdue.Invariant, overdue.Kind, overdue.Cause));
        Assert.Equal([operation.PublicId], overdue.Ids);

        var until = house.Core.Clock.GetUtcNow() + TimeSpan.FromMinutes(20);
        await house.Core.ChangeAsync(db => db.Locations.Single().PausedUntil = until);
        var paused = await VerifyAsync(house);
        Assert.Equal(VerificationVerdict.NothingChecked, paused.Verdict);
        Assert.Equal((DifferenceCause.Paused, until), Assert.Single(paused.Differences, d => d.Kind == DifferenceKind.OperationOverdue) is var d1 ? (d1.Cause, d1.At!.Value) : default);
        Assert.Equal(DifferenceCause.Paused, Assert.Single(paused.Differences, d => d.Kind == DifferenceKind.NotChecked).Cause);

        await house.Core.ChangeAsync(db => db.Locations.Single().PausedUntil = null);
        await ExecuteAsync(house, $"""UPDATE "Operations" SET "NextCheckAt" = NULL WHERE "Id" = {operation.Id}""");
        Assert.Equal((DifferenceKind.OperationWithoutCheck, DifferenceCause.None), Assert.Single((await VerifyAsync(house)).Differences) is var d2 ? (d2.Kind, d2.Cause) : default);

        await ExecuteAsync(house, $"""UPDATE "Operations" SET "State" = 0 WHERE "Id" = {operation.Id}""");
        Assert.Equal((DifferenceKind.OperationWithoutOwner, DifferenceCause.None), Assert.Single((await VerifyAsync(house)).Differences) is var d3 ? (d3.Kind, d3.Cause) : default);

        // Its owner lives: the intention is being carried out.
        await ExecuteAsync(house, $"""UPDATE "LocationLeases" SET "Owner" = 'somebody', "FenceToken" = {operation.FenceToken}, "ExpiresAt" = {(house.Core.Clock.GetUtcNow() + TimeSpan.FromMinutes(1)).UtcTicks}""");
        Assert.Empty((await VerifyAsync(house)).Differences);
    }

    [Fact]
    public async Task I7_A_license_under_way_without_an_open_operation_is_found()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house, "Year 4", free: 150);
        var license = (await house.LicensesAsync(book)).First(l => l.State == LicenseState.Reserved);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 7 WHERE "Id" = {license.Id}""");

        var lost = Assert.Single((await VerifyAsync(house)).Differences);

        Assert.Equal((7, DifferenceKind.WithoutOperation, DifferenceCause.None, 1L), (lost.Invariant, lost.Kind, lost.Cause, lost.Count));
    }

    [Fact]
    public async Task I9_A_change_without_its_record_is_found()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        var licenses = (await house.LicensesAsync(book)).Where(l => l.State == LicenseState.Assigned).OrderByDescending(l => l.Id).ToList();
        await ExecuteAsync(house, $"""DELETE FROM "LicenseChanges" WHERE "LicenseId" = {licenses[0].Id}""");
        await ExecuteAsync(house, $"""DELETE FROM "LicenseChanges" WHERE "LicenseId" = {licenses[1].Id} AND "To" = 4""");
        await ExecuteAsync(house, $"""DELETE FROM "LicenseChanges" WHERE "LicenseId" = {licenses[2].Id} AND "To" = 3""");
        await ExecuteAsync(house, $"""DELETE FROM "LicenseChanges" WHERE "LicenseId" = {licenses[3].Id} AND "From" IS NULL""");
        var operations = new[] { (await house.OperationsAsync(OperationKind.CreateUsers))[0], (await house.OperationsAsync(OperationKind.Associate))[0] };
        await ExecuteAsync(house, $"""DELETE FROM "AuditEvents" WHERE "Action" = 'operation.intended' AND "OperationId" = {operations[0].Id}""");
        await ExecuteAsync(house, $"""DELETE FROM "AuditEvents" WHERE "Action" = 'operation.settled' AND "OperationId" = {operations[1].Id}""");

        var found = (await VerifyAsync(house)).Differences;

        Assert.All(found, d => Assert.Equal((9, DifferenceCause.None, 2L), (d.Invariant, d.Cause, d.Count)));
        Assert.Equal([DifferenceKind.StateNotRecorded, DifferenceKind.HistoryBroken, DifferenceKind.AuditMissing], found.Select(d => d.Kind));
        Assert.Equal(new[] { await DirectoryIdAsync(house, licenses[0].PersonId), await DirectoryIdAsync(house, licenses[1].PersonId) }.Order(), found[0].Ids.Order());
        Assert.Equal(operations.Select(o => o.PublicId), found[2].Ids);

        // Rows that are older than the records have none of their beginning.
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "CreatedAt" = {licenses[0].CreatedAt.AddDays(-1).UtcTicks} WHERE "Id" IN ({licenses[0].Id}, {licenses[3].Id})""");
        Assert.All((await VerifyAsync(house)).Differences.Where(d => d.Kind != DifferenceKind.AuditMissing), d => Assert.Equal(1, d.Count));
    }

    [Fact]
    public async Task F16_A_location_claimed_by_another_is_told_as_not_checked()
    {
        await using var house = await SpendingHouse.StartAsync();
        await GiveAsync(house);
        house.Apple.ClaimByOtherMdm(SpendingHouse.UId);

        var result = await VerifyAsync(house);

        var difference = Assert.Single(result.Differences);
        Assert.Equal((null, DifferenceKind.NotChecked, DifferenceCause.ClaimedElsewhere, "OtherMDM"), (difference.Invariant, difference.Kind, difference.Cause, difference.Name));
        Assert.False(Assert.Single(result.Locations).Checked);
        Assert.Equal(VerificationVerdict.NothingChecked, result.Verdict);
        // Read-only to the last row: even what was learned about the token is not written.
        Assert.Equal(TokenState.Valid, (await house.Core.RowAsync(SpendingHouse.UId)).State);
    }

    [Fact]
    public async Task F15_A_token_that_does_not_work_is_told_as_not_checked()
    {
        await using var house = await SpendingHouse.StartAsync();
        await GiveAsync(house);
        house.Apple.RevokeTokens(SpendingHouse.UId);
        Assert.Equal((DifferenceCause.TokenRevoked, 9625), Assert.Single((await VerifyAsync(house)).Differences) is var d1 ? (d1.Cause, d1.ErrorNumber!.Value) : default);

        house.Core.Keys.Lost = true;
        Assert.Equal(DifferenceCause.TokenUnreadable, Assert.Single((await VerifyAsync(house)).Differences).Cause);

        house.Core.Clock.Offset += TimeSpan.FromDays(400);
        Assert.Equal(DifferenceCause.TokenExpired, Assert.Single((await VerifyAsync(house)).Differences).Cause);
    }

    [Fact]
    public async Task A_person_runs_it_once_at_a_time_and_the_audit_tells_the_outcome()
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await GiveAsync(house);
        await ExecuteAsync(house, $"""UPDATE "Licenses" SET "State" = 6 WHERE "Id" = {(await house.LicensesAsync(book)).First(l => l.State == LicenseState.Assigned).Id}""");
        using var runs = new VerificationRuns(Verifier(house), house.Core.Get<IDbContextFactory<VppBooksDbContext>>(), house.Core.Clock, NullLogger<VerificationRuns>.Instance);
        var auditor = new Actor(ActorKind.Person, "3", "An Auditor", Actor.ForRoles([AppRoles.Auditor]));
        Assert.Throws<NotAllowedException>(() => runs.Start(auditor, out _));
        Assert.Null(runs.Read(CoreHouse.Admin).Running);

        Assert.True(runs.Start(CoreHouse.Helpdesk, out var ended));
        Assert.NotNull(runs.Read(CoreHouse.Admin).Running);
        Assert.False(runs.Start(CoreHouse.Admin, out _));
        await ended;

        Assert.Equal((VerificationVerdict.Unexplained, false), (runs.Read(CoreHouse.Admin).Last!.Verdict, runs.Read(CoreHouse.Admin).Failed));
        Assert.Null(runs.Read(CoreHouse.Admin).Running);
        await using var db = await house.Core.OpenAsync();
        var row = await db.AuditEvents.SingleAsync(a => a.Action == "ledger.verified");
        Assert.Equal(CoreHouse.Helpdesk.Id, row.ActorId);
        Assert.Contains("\"unexplained\":2", row.Details, StringComparison.Ordinal);
    }

    private static LedgerVerifier Verifier(SpendingHouse house, TimeSpan? pause = null) => new(
        house.Core.Get<IDbContextFactory<VppBooksDbContext>>(),
        house.Core.Get<AppleClient>(),
        house.Core.Get<LocationConnections>(),
        house.Core.Get<AuditChainCheck>(),
        new VerificationOptions { Looks = 1, Pause = pause ?? TimeSpan.FromMilliseconds(50) },
        house.Core.Clock,
        NullLogger<LedgerVerifier>.Instance);

    /// <summary>A book given to a group, everything settled.</summary>
    private static async Task<Book> GiveAsync(SpendingHouse house, string group = "Class 4A", int free = 60)
    {
        var book = await house.BookAsync(free);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync(group), Intent.Required));
        await house.WorkAsync();
        await house.SyncAsync();
        await house.AssertLedgerIsTrueAsync(book);
        return book;
    }

    /// <summary>What is found besides the copies that the manager before us gave twice.</summary>
    private static async Task<VerificationResult> VerifyAsync(SpendingHouse house, TimeSpan? pause = null)
    {
        var result = await Verifier(house, pause).VerifyAsync(progress: null, TestContext.Current.CancellationToken);
        var former = result.Differences.Where(d => d.Book?.AdamId == GivenTwiceBefore && d.Kind == DifferenceKind.TitleTwice).ToList();
        Assert.All(former, d => Assert.Equal((DifferenceCause.NotOurs, 48L), (d.Cause, d.Count)));
        Assert.Equal(result.Locations.Count(l => l.Checked), former.Count);
        return result with { Differences = [.. result.Differences.Except(former)] };
    }

    private static async Task ExecuteAsync(SpendingHouse house, FormattableString statement)
    {
        await using var db = await house.Core.OpenAsync();
        Assert.True(await db.Database.ExecuteSqlInterpolatedAsync(statement) > 0);
    }

    private static int Posts(SpendingHouse house) => house.Apple.Requests.Count(r => r.Method == "POST");

    /// <summary>Gives a license as another program would that holds the same token.</summary>
    private static async Task AssociateAsync(SpendingHouse house, AssetKey asset, string clientUserId)
    {
        var apple = house.Core.Get<LocationConnections>().Connect(await house.Core.RowAsync(SpendingHouse.UId));
        Assert.IsType<ChangeOutcome.Accepted>(await house.Core.Get<AppleClient>().AssociateAsync(apple, [asset], [clientUserId], TestContext.Current.CancellationToken));
        house.Apple.FinishEvents();
        Assert.Contains(clientUserId, house.Apple.Holders(SpendingHouse.UId, asset.AdamId, asset.PricingParam.ToString()));
    }

    private static async Task<string> HolderAsync(SpendingHouse house, Book book)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned)
            .Join(db.VppUsers.Where(u => !u.Retired && u.Status == VppUserStatus.Associated), l => l.PersonId, u => u.PersonId, (_, u) => u.ClientUserId).OrderBy(c => c).FirstAsync();
    }

    private static async Task<int> PersonAsync(SpendingHouse house, string clientUserId)
    {
        await using var db = await house.Core.OpenAsync();
        return (await db.VppUsers.Where(u => u.ClientUserId == clientUserId).Select(u => u.PersonId).FirstAsync())!.Value;
    }

    private static async Task<Guid> DirectoryIdAsync(SpendingHouse house, int personId)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.People.Where(p => p.Id == personId).Select(p => p.DirectoryId).SingleAsync();
    }
}

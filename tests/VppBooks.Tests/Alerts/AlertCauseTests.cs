using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Reports;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>Every alert is raised when its cause happens at Apple, in the directory or here, arrives at a receiver, and is cleared when the cause is gone.</summary>
public sealed partial class AlertCauseTests
{
    [Fact]
    public async Task Token_that_ends_is_told_at_each_threshold_then_as_expired_and_a_renewal_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var expires = (await house.Core.RowAsync(SpendingHouse.UId)).TokenExpires;
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.TokenExpiring);
        house.Core.Clock.Pass(expires - TimeSpan.FromDays(60) - house.Core.Clock.GetUtcNow());
        await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Raised);
        await alerts.NothingMoreAsync(AlertKind.TokenExpiring);
        foreach (var days in new[] { 30, 14, 7, 1 })
        {
            house.Core.Clock.Pass(expires - TimeSpan.FromDays(days) - house.Core.Clock.GetUtcNow());
            await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Worse);
            await alerts.NothingMoreAsync(AlertKind.TokenExpiring);
        }

        await RenewAsync(house);
        await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Cleared);

        // The day after it is not over, but worse.
        expires = (await house.Core.RowAsync(SpendingHouse.UId)).TokenExpires;
        house.Core.Clock.Pass(expires - TimeSpan.FromHours(1) - house.Core.Clock.GetUtcNow());
        await alerts.OneAsync(AlertKind.TokenExpiring, AlertOccasion.Raised);
        house.Core.Clock.Pass(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(10));
        var messages = await alerts.LookAsync();
        var expired = alerts.One(messages, AlertKind.TokenExpired, AlertOccasion.Raised);
        Assert.Equal(AlertSeverity.Critical, expired.Severity);
        Assert.Equal((AlertOccasion.Cleared, expired.AlertId), Assert.Single(messages.Where(m => m.Kind == AlertKind.TokenExpiring).Select(m => (m.Occasion, m.SupersededBy))));

        await RenewAsync(house);
        await alerts.OneAsync(AlertKind.TokenExpired, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Revoked_token_is_told_and_a_renewal_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        alerts.House.Apple.RevokeTokens(SpendingHouse.UId);
        await alerts.House.SyncAsync();

        var raised = await alerts.OneAsync(AlertKind.TokenRefused, AlertOccasion.Raised);
        Assert.Equal(9625, raised.ErrorNumber);
        await alerts.NothingMoreAsync(AlertKind.TokenRefused);

        await RenewAsync(alerts.House);
        var cleared = await alerts.OneAsync(AlertKind.TokenRefused, AlertOccasion.Cleared);
        Assert.Equal(raised.AlertId, cleared.AlertId);
    }

    [Fact]
    public async Task Token_that_may_only_read_is_told_and_another_one_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var id = (await house.Core.RowAsync(SpendingHouse.UId)).PublicId;
        await house.Core.Enrollment.RenewAsync(id, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId, readOnly: true)), CoreHouse.Admin, CancellationToken.None);
        await house.AssignAsync(await house.BookAsync(free: 60), new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        await alerts.OneAsync(AlertKind.TokenReadOnly, AlertOccasion.Raised);

        await RenewAsync(house);
        await alerts.OneAsync(AlertKind.TokenReadOnly, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Foreign_claim_is_told_and_taking_control_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        house.Apple.ClaimByOtherMdm(SpendingHouse.UId);
        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.TokenClaimedElsewhere, AlertOccasion.Raised);

        var id = (await house.Core.RowAsync(SpendingHouse.UId)).PublicId;
        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.TakeControlAsync(id, CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync();

        await alerts.OneAsync(AlertKind.TokenClaimedElsewhere, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Failing_sync_is_told_at_once_and_old_numbers_after_a_day_and_a_good_sync_clears_both()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        house.Apple.Faults.Add(new Fault { Action = FaultAction.WrongTypes, Path = "*/assets", Times = 0 });
        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.SyncFailing, AlertOccasion.Raised);

        house.Core.Clock.Pass(TimeSpan.FromHours(27));
        await alerts.OneAsync(AlertKind.SyncStale, AlertOccasion.Raised);

        house.Apple.Faults.Clear();
        await house.SyncAsync();
        var messages = await alerts.LookAsync();
        alerts.One(messages, AlertKind.SyncFailing, AlertOccasion.Cleared);
        alerts.One(messages, AlertKind.SyncStale, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Syncs_that_never_read_everything_are_told_though_each_publishes_and_a_complete_one_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        house.Apple.Switches.PageSize = 100;
        for (var day = 0; day < 2; day++)
        {
            house.Core.Clock.Pass(TimeSpan.FromHours(24.5));
            foreach (var list in new[] { "*/assets", "*/assignments" })
            {
                house.Apple.Faults.Add(new Fault { Action = FaultAction.DataMoves, Path = list, Times = 0 });
            }

            await house.SyncAsync();
            house.Apple.Faults.Clear();
            await using (var db = await house.Core.OpenAsync())
            {
                Assert.Equal(SyncResult.Partial, (await db.SyncRuns.OrderByDescending(r => r.Id).FirstAsync()).Result);
            }

            Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind is AlertKind.SyncIncomplete or AlertKind.SyncStale);
        }

        house.Core.Clock.Pass(TimeSpan.FromHours(2));
        await alerts.OneAsync(AlertKind.SyncIncomplete, AlertOccasion.Raised);
        await alerts.NothingMoreAsync(AlertKind.SyncIncomplete);

        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.SyncIncomplete, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Waiting_people_are_told_and_a_purchase_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var book = await BookAsync(house, b => b.AvailableCount < 15);
        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        var waiting = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Waiting);
        Assert.True(waiting > 0);

        var raised = await alerts.OneAsync(AlertKind.StockShort, AlertOccasion.Raised);
        Assert.Equal(waiting, raised.Count);
        await alerts.NothingMoreAsync(AlertKind.StockShort);

        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), 500);
        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.StockShort, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Book_without_a_free_license_is_told_and_a_purchase_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        await alerts.LookAsync();
        var book = await BookAsync(house, b => b.AvailableCount > 0 && b.AssignedCount > 1);

        house.Apple.Refund(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), (int)book.AvailableCount);
        await house.SyncAsync();
        var raised = await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Raised);
        Assert.Equal(0, raised.Count);

        house.Apple.Buy(SpendingHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), 500);
        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.StockLow, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Operation_of_unknown_outcome_is_told_after_an_hour_and_reading_Apple_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        house.Apple.Faults.Add(new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = "*/assets/associate" });
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkUntilPostsAsync(1);
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.OperationUnknown);

        house.Core.Clock.Pass(TimeSpan.FromMinutes(61));
        await alerts.OneAsync(AlertKind.OperationUnknown, AlertOccasion.Raised);

        await house.WorkAsync(TimeSpan.FromHours(1));
        await alerts.OneAsync(AlertKind.OperationUnknown, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Withdrawn_consent_is_told_and_granting_it_again_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var group = await house.GroupAsync("Class 4A");
        house.Core.Cloud.Graph.ConsentWithdrawn = true;
        await Assert.ThrowsAnyAsync<Exception>(() => house.Core.Groups.EnsureMembersAsync([group], TimeSpan.Zero, CancellationToken.None));
        var raised = await alerts.OneAsync(AlertKind.DirectoryFailing, AlertOccasion.Raised);
        Assert.Equal(AlertSeverity.Critical, raised.Severity);

        house.Core.Cloud.Graph.ConsentWithdrawn = false;
        await house.Core.Groups.EnsureMembersAsync([group], TimeSpan.Zero, CancellationToken.None);
        await alerts.OneAsync(AlertKind.DirectoryFailing, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Lost_key_ring_is_told_and_a_new_upload_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        house.Core.Keys.Lost = true;
        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.TokenUnreadable, AlertOccasion.Raised);

        house.Core.Keys.Lost = false;
        await RenewAsync(house);
        await alerts.OneAsync(AlertKind.TokenUnreadable, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Invitations_that_nobody_accepts_are_told_after_two_weeks_and_accepting_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.Configure<PeopleOptions>(o => o.ManagedAppleAccount = "none"));
        var house = alerts.House;
        await house.AssignAsync(await house.BookAsync(free: 60), new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        await house.WorkAsync();
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.PeopleStuck);

        house.Core.Clock.Pass(TimeSpan.FromDays(14) + TimeSpan.FromMinutes(1));
        var raised = await alerts.OneAsync(AlertKind.PeopleStuck, AlertOccasion.Raised);

        HashSet<string> ours;
        await using (var db = await house.Core.OpenAsync())
        {
            ours = await db.VppUsers.Where(u => u.LocationId == house.LocationId && u.PersonId != null && u.Status == VppUserStatus.Registered).Select(u => u.ClientUserId).ToHashSetAsync();
        }

        Assert.Equal(ours.Count, raised.Count);
        foreach (var user in house.Apple.Users(SpendingHouse.UId).Where(u => ours.Contains(u.ClientUserId)))
        {
            Assert.Null(house.Apple.AcceptInvitation(user.InviteCode!, $"{user.ClientUserId}@icloud.example"));
        }

        await house.SyncAsync();
        await alerts.OneAsync(AlertKind.PeopleStuck, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task People_whom_Apple_refuses_are_told_after_a_day_and_putting_the_cause_right_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var (house, directory) = (alerts.House, alerts.House.Core.Cloud.Directory);
        house.Apple.Switches.KeepRecordWhenAssociationFails = false;
        var group = await house.GroupAsync("Class 4A");
        var two = directory.Groups[group].People.Select(p => directory.People[p]).Where(p => p is { AccountEnabled: true, ManagedAppleAccount: not null }).Take(2).ToList();
        house.Core.Cloud.Graph.Edit(() => two[1].ManagedAppleAccount = two[0].ManagedAppleAccount);
        await house.AssignAsync(await house.BookAsync(free: 60), new WishedAssignment(group, Intent.Required));
        await house.WorkAsync(TimeSpan.FromMinutes(30));
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.PeopleRefused);

        house.Core.Clock.Pass(TimeSpan.FromHours(25));
        var raised = await alerts.OneAsync(AlertKind.PeopleRefused, AlertOccasion.Raised);
        Assert.Equal((AlertSeverity.Warning, 1), (raised.Severity, raised.Count));
        await alerts.NothingMoreAsync(AlertKind.PeopleRefused);
        var listed = Assert.Single((await house.Core.Get<PeopleCatalog>().ListAsync(new PeopleQuery { Registration = RegistrationState.Refused, Presence = Presence.Here }, CoreHouse.Admin, CancellationToken.None)).Rows);

        Guid refused;
        await using (var db = await house.Core.OpenAsync())
        {
            refused = (await db.People.SingleAsync(p => p.PublicId == listed.PublicId)).DirectoryId;
        }

        house.Core.Cloud.Graph.Edit(() => directory.People[refused].ManagedAppleAccount = $"put.right@{DemoDirectory.AppleDomain}");
        house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        await house.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
        await house.WorkAsync();
        await alerts.OneAsync(AlertKind.PeopleRefused, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Copies_that_Apple_refused_are_told_after_a_day_and_giving_them_again_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var reader = (await house.HoldersAsync(LicenseState.Reserved, book))[1];
        house.Apple.RefuseTarget(reader, 9609);
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.Equal([reader], await house.HoldersAsync(LicenseState.Failed, book));
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.CopiesUnserved);

        house.Core.Clock.Pass(TimeSpan.FromHours(25));
        var raised = await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Raised);
        Assert.Equal((AlertSeverity.Warning, 1), (raised.Severity, raised.Count));
        await alerts.NothingMoreAsync(AlertKind.CopiesUnserved);
        Assert.Equal(1, Assert.Single(await house.Core.Get<ServingReports>().UnservedAsync(CoreHouse.Admin, CancellationToken.None)).Failed);

        house.Apple.RefuseTarget(reader, 0);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync();
        await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Copies_that_could_go_on_and_do_not_move_are_told_after_a_day_and_moving_clears_it()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var ready = (await house.LicensesAsync(book)).Count(l => l.State == LicenseState.Reserved);
        Assert.True(ready > 1);
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.CopiesUnserved);

        // Nobody works at the location meanwhile. Whoever has just accepted is served in a moment, however long the copy has waited for that.
        house.Core.Clock.Pass(TimeSpan.FromHours(25));
        await ChangedAsync(TimeSpan.Zero);
        Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.CopiesUnserved);
        await ChangedAsync(TimeSpan.FromHours(25));
        Assert.Equal(ready, (await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Raised)).Count);

        await house.WorkAsync();
        await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Cleared);

        async Task ChangedAsync(TimeSpan ago)
        {
            await using var db = await house.Core.OpenAsync();
            var at = house.Core.Clock.GetUtcNow() - ago;
            await db.VppUsers.ExecuteUpdateAsync(set => set.SetProperty(u => u.ChangedAt, at));
        }
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("left the group")]
    [InlineData("has it otherwise")]
    public async Task Copies_that_Apple_refused_to_people_whom_the_book_is_not_for_any_more_are_told_to_nobody(string why)
    {
        await using var alerts = await AlertHouse.StartWithMailAsync();
        var house = alerts.House;
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        var reader = (await house.HoldersAsync(LicenseState.Reserved, book))[1];
        house.Apple.RefuseTarget(reader, 9609);
        await house.WorkAsync(TimeSpan.FromHours(1));
        house.Core.Clock.Pass(TimeSpan.FromHours(25));
        await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Raised);

        await house.Core.ChangeAsync(db =>
        {
            var license = db.Licenses.Single(l => l.BookId == book.Id && l.State == LicenseState.Failed);
            switch (why)
            {
                case "disabled":
                    db.People.Single(p => p.Id == license.PersonId).AccountEnabled = false;
                    break;
                case "left the group":
                    db.GroupMemberships.RemoveRange(db.GroupMemberships.Where(m => m.PersonId == license.PersonId));
                    break;
                default:
                    db.Licenses.Add(new License { PersonId = license.PersonId, AdamId = license.AdamId, BookId = license.BookId, Ordinal = 1, State = LicenseState.Assigned, CreatedAt = license.CreatedAt, ChangedAt = license.ChangedAt });
                    break;
            }
        });
        await alerts.OneAsync(AlertKind.CopiesUnserved, AlertOccasion.Cleared);
    }

    [Fact]
    public void Every_kind_is_raised_and_cleared_by_a_test_here()
    {
        var tests = string.Concat(Directory.GetFiles(Path.GetDirectoryName(Here())!, nameof(AlertCauseTests) + "*.cs").Select(File.ReadAllText));
        var told = Told().Matches(tests).Select(m => (Kind: m.Groups["kind"].Value, Occasion: m.Groups["occasion"].Value)).ToHashSet();

        var missing = Enum.GetNames<AlertKind>().SelectMany(kind => new[] { (Kind: kind, Occasion: nameof(AlertOccasion.Raised)), (Kind: kind, Occasion: nameof(AlertOccasion.Cleared)) }).Where(t => !told.Contains(t));

        Assert.Empty(missing);
    }

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;

    [System.Text.RegularExpressions.GeneratedRegex(@"alerts\.One(Async\(|\(messages, )AlertKind\.(?<kind>\w+), AlertOccasion\.(?<occasion>\w+)\)")]
    private static partial System.Text.RegularExpressions.Regex Told();

    private static async Task RenewAsync(SpendingHouse house)
    {
        var id = (await house.Core.RowAsync(SpendingHouse.UId)).PublicId;
        Assert.IsType<ChangeLocationResult.Changed>(
            await house.Core.Enrollment.RenewAsync(id, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync();
    }

    private static async Task<Book> BookAsync(SpendingHouse house, System.Linq.Expressions.Expression<Func<Book, bool>> which)
    {
        await using var db = await house.Core.OpenAsync();
        return await db.Books.Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.PricingParam == PricingParam.STDQ).Where(which).OrderBy(b => b.AvailableCount).ThenBy(b => b.AdamId).FirstAsync();
    }
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Privacy;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Privacy;

/// <summary>Who leaves is noticed, retired and erased, whatever else is wrong with the record and although nothing is assigned any more.</summary>
public sealed class LeaverTests(ForgettingHouse house) : IClassFixture<ForgettingHouse>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private CoreHouse Core => house.Spending.Core;

    [Fact]
    public async Task Who_leaves_after_the_last_assignment_was_taken_back_is_noticed_and_written_down()
    {
        var leaver = await house.HolderAsync();
        house.Graph.DeletePerson(leaver.DirectoryId);

        await house.ReadAsync();

        Assert.NotNull((await house.RowAsync(leaver.Id))!.GoneSince);
        Assert.Contains(await house.Spending.AuditAsync("person.gone"), a => a.PersonId == leaver.Id);
        Assert.Contains(
            (await Core.Get<TroubledCopies>().ListAsync(new CopiesQuery(CopyTrouble.WithLeavers) { Take = 999 }, CoreHouse.Helpdesk, Cancel)).Rows, c => c.PersonId == leaver.PublicId);
    }

    [Fact]
    public async Task Who_comes_back_to_the_directory_is_written_down_and_so_is_whose_account_changes_and_nobody_else()
    {
        var (returning, changing) = (await house.HolderAsync(), await house.HolderAsync());
        house.Graph.DeletePerson(returning.DirectoryId);
        await house.ReadAsync();
        Assert.DoesNotContain(await house.Spending.AuditAsync("person.returned"), a => a.PersonId == returning.Id);
        var others = (await house.Spending.AuditAsync("person.changed")).Count;

        house.Graph.RestorePerson(returning.DirectoryId);
        house.Graph.DisablePerson(changing.DirectoryId);
        await house.ReadAsync();
        house.Graph.Edit(() => Core.Cloud.Directory.People[changing.DirectoryId].UserType = "Guest");
        // A name is no change of what somebody can be given.
        house.Graph.Edit(() => Core.Cloud.Directory.People[returning.DirectoryId].DisplayName += " II");
        await house.ReadAsync();
        await house.ReadAsync();

        Assert.Null((await house.RowAsync(returning.Id))!.GoneSince);
        Assert.Equal(Actor.System.Id, Assert.Single(await house.Spending.AuditAsync("person.returned"), a => a.PersonId == returning.Id).ActorId);
        var changes = (await house.Spending.AuditAsync("person.changed")).Skip(others).ToList();
        Assert.All(changes, c => Assert.Equal(changing.Id, c.PersonId));
        Assert.Equal(
            [
                """{"before":{"accountEnabled":true,"guest":false},"after":{"accountEnabled":false,"guest":false}}""",
                """{"before":{"accountEnabled":false,"guest":false},"after":{"accountEnabled":false,"guest":true}}""",
            ],
            changes.Select(c => c.Details));
    }

    [Fact]
    public async Task Being_marked_as_gone_and_the_wish_to_follow_are_saved_together_or_not_at_all()
    {
        var leaver = await house.HolderAsync();
        house.Graph.DeletePerson(leaver.DirectoryId);
        await using var db = await Core.OpenAsync();
        var assignment = new GroupAssignment
        {
            PublicId = Guid.NewGuid(),
            BookId = house.Book.Id,
            GroupId = (await db.Groups.FirstAsync(g => g.DirectoryId == house.Group("Class 5A").Id, Cancel)).Id,
            AssignedById = "1",
            AssignedByName = "A",
        };
        db.Add(assignment);
        await db.SaveChangesAsync(Cancel);
        await db.Database.ExecuteSqlRawAsync("""CREATE TRIGGER "Killed" BEFORE UPDATE OF "FollowWanted" ON "Books" BEGIN SELECT RAISE(ABORT, 'killed'); END""", Cancel);
        try
        {
            await Assert.ThrowsAnyAsync<Exception>(() => Core.Get<PeopleReader>().RefreshAsync([leaver.DirectoryId], Cancel));
            Assert.Null((await house.RowAsync(leaver.Id))!.GoneSince);
            Assert.DoesNotContain(await house.Spending.AuditAsync("person.gone"), a => a.PersonId == leaver.Id);
        }
        finally
        {
            await db.Database.ExecuteSqlRawAsync("""DROP TRIGGER "Killed" """, Cancel);
        }

        await Core.Get<PeopleReader>().RefreshAsync([leaver.DirectoryId], Cancel);

        Assert.NotNull((await house.RowAsync(leaver.Id))!.GoneSince);
        Assert.True((await house.Spending.ReadAsync(house.Book)).FollowWanted);
        db.Remove(assignment);
        await db.SaveChangesAsync(Cancel);
    }

    [Fact]
    public async Task Erasing_leaves_no_fingerprint_of_the_mail_address()
    {
        var leaver = await house.HolderAsync();
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(leaver.Mail!))[..8]);
        await Core.ChangeAsync(db =>
        {
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Resent, Reason = $"moved:{leaver.Id}:{fingerprint}", PersonId = leaver.Id, QueuedAt = Core.Clock.GetUtcNow() });
            db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Resent, Reason = $"resent:{leaver.Id}:1", PersonId = leaver.Id, QueuedAt = Core.Clock.GetUtcNow() });
        });
        await EraseAsync(leaver);

        await using var db = await Core.OpenAsync();
        var mails = await db.OutboxMails.Where(m => m.PersonId == leaver.Id).OrderBy(m => m.Id).ToListAsync(Cancel);
        Assert.Equal([$"erased:{mails[0].Id}", $"resent:{leaver.Id}:1"], mails.Select(m => m.Reason));
    }

    [Fact]
    public async Task Who_is_erased_is_retired_at_Apple_although_Apple_refused_something_before_9641()
    {
        var leaver = await house.HolderAsync();
        await house.ChangeRecordAsync(leaver.Id, u => (u.ErrorNumber, u.Attempts, u.UpdateWanted) = (9641, RegistrationUpkeep.MaxAttempts, true));
        await EraseAsync(leaver);

        await house.Spending.WorkAsync();

        Assert.Equal("Retired", house.StatusAtApple(leaver.DirectoryId));
        await house.Spending.SyncAsync();
        await house.Spending.AssertLedgerIsTrueAsync(house.Book);
    }

    [Fact]
    public async Task A_leaver_is_retired_although_Apple_refused_something_before_and_whose_retiring_it_refused_is_left_alone()
    {
        var (leaver, refused) = (await house.HolderAsync(), await house.HolderAsync());
        await house.ChangeRecordAsync(leaver.Id, u => (u.ErrorNumber, u.Attempts) = (9641, RegistrationUpkeep.MaxAttempts));
        await house.ChangeRecordAsync(refused.Id, u => (u.ErrorNumber, u.LeavingSince) = (9609, Core.Clock.GetUtcNow()));
        house.Graph.DeletePerson(leaver.DirectoryId);
        house.Graph.DeletePerson(refused.DirectoryId);
        await house.ReadAsync();
        Core.Clock.Pass(TimeSpan.FromDays(10.1));

        await house.Spending.WorkAsync();

        Assert.Equal(("Retired", "Associated"), (house.StatusAtApple(leaver.DirectoryId), house.StatusAtApple(refused.DirectoryId)));
        await using var db = await Core.OpenAsync();
        Assert.Equal(9609, (await db.VppUsers.SingleAsync(u => u.PersonId == refused.Id, Cancel)).ErrorNumber);
    }

    [Fact]
    public async Task Devices_that_arrive_after_an_erasure_are_not_stored()
    {
        var leaver = await house.HolderAsync();
        var device = new PersonDevice("iPad of a pupil", "iPadOS", "26.1", UserAffinity: true, BooksApp.Present, Core.Clock.GetUtcNow());
        await EraseAsync(leaver);

        await Core.Get<DeviceReader>().StoreAsync(leaver.Id, leaver.DirectoryId, DeviceReadOutcome.Read, [device], Cancel);

        await using var db = await Core.OpenAsync();
        Assert.False(await db.ManagedDevices.AnyAsync(d => d.PersonId == leaver.Id, Cancel) || await db.DeviceReadings.AnyAsync(r => r.PersonId == leaver.Id, Cancel));
        var holder = await house.HolderAsync();
        await Core.Get<DeviceReader>().StoreAsync(holder.Id, holder.DirectoryId, DeviceReadOutcome.Read, [device], Cancel);
        Assert.Equal(1, await db.ManagedDevices.CountAsync(d => d.PersonId == holder.Id, Cancel));
    }

    [Fact]
    public async Task A_readers_own_file_names_nobody_of_the_staff()
    {
        var person = await house.HolderAsync();
        await Core.Get<PersonDataReader>().ReadAsync(person.PublicId, CoreHouse.Admin, Cancel);

        var own = (await Core.Get<PersonDataReader>().ReadOwnAsync(new Actor(ActorKind.Person, person.DirectoryId.ToString(), person.DisplayName, Permissions.None), Cancel))!;
        var all = (await Core.Get<PersonDataReader>().ReadAsync(person.PublicId, CoreHouse.Admin, Cancel))!;

        Assert.Equal(["Staff", "Reader"], own.Activity.Where(e => e.Action == "person.exported").Select(e => e.Actor));
        Assert.DoesNotContain(CoreHouse.Admin.DisplayName, System.Text.Json.JsonSerializer.Serialize(own), StringComparison.Ordinal);
        Assert.Equal([CoreHouse.Admin.DisplayName, "Reader", CoreHouse.Admin.DisplayName], all.Activity.Where(e => e.Action == "person.exported").Select(e => e.Actor));
    }

    [Fact]
    public async Task After_an_upgrade_that_asks_for_more_everybody_is_read_again()
    {
        var person = await house.HolderAsync();
        house.Graph.Edit(() => Core.Cloud.Directory.People[person.DirectoryId].PreferredLanguage = "nl-NL");
        await house.ReadAsync();
        await Core.ChangeAsync(db =>
        {
            var cursor = db.DirectoryCursors.Single(c => c.Kind == CursorKind.Users);
            db.DirectoryCursors.Remove(cursor);
            db.DirectoryCursors.Add(new DirectoryCursor { Kind = CursorKind.Users, Groups = "", Link = cursor.Link, Properties = "id,displayName", ReadAt = cursor.ReadAt });
            db.People.Single(p => p.Id == person.Id).Language = null;
        });

        await house.ReadAsync();

        Assert.Equal("nl", (await house.RowAsync(person.Id))!.Language);
        house.Graph.Requests.Clear();
        await house.ReadAsync();
        Assert.Single(house.Graph.Requests.Recent);
    }

    private async Task EraseAsync(Person leaver)
    {
        house.Graph.DeletePerson(leaver.DirectoryId);
        await house.ReadAsync();
        Assert.Equal(ErasureResult.Erased, await Core.Get<PersonErasure>().EraseAsync(leaver.PublicId, CoreHouse.Admin, Cancel));
    }
}

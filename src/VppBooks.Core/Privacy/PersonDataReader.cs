using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Privacy;

/// <summary>Hands out what is stored about one person, to those who may ask for it.</summary>
public sealed class PersonDataReader(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>What is stored about somebody; null when there is no such person. The handing out is audited.</summary>
    /// <exception cref="NotAllowedException">The actor lacks <see cref="Permissions.ManagePrivacy"/>.</exception>
    public async Task<PersonData?> ReadAsync(Guid publicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManagePrivacy);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == publicId, cancellationToken) is { } person
            ? await ReadAsync(db, person, actor, own: false, cancellationToken)
            : null;
    }

    /// <summary>What is stored about the signed-in person; null when nothing is.</summary>
    public async Task<PersonData?> ReadOwnAsync(Actor reader, CancellationToken cancellationToken)
    {
        if (reader.Kind != ActorKind.Person || !Guid.TryParse(reader.Id, out var directoryId))
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.DirectoryId == directoryId, cancellationToken) is { } person
            ? await ReadAsync(db, person, Actor.Reader(person.PublicId), own: true, cancellationToken)
            : null;
    }

    private async Task<PersonData> ReadAsync(VppBooksDbContext db, Person person, Actor actor, bool own, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        db.Audit(actor, now, "person.exported", new AuditSubject(PersonId: person.Id));
        await db.SaveChangesAsync(cancellationToken);
        return new PersonData
        {
            ReadAt = now,
            DirectoryId = person.DirectoryId,
            DisplayName = person.DisplayName,
            UserPrincipalName = person.UserPrincipalName,
            Mail = person.Mail,
            ManagedAppleAccount = person.ManagedAppleAccount,
            Language = person.Language,
            AccountEnabled = person.AccountEnabled,
            Guest = person.Guest,
            GoneSince = person.GoneSince,
            ErasedAt = person.ErasedAt,
            UnneededSince = person.UnneededSince,
            Groups = await (
                    from member in db.GroupMemberships
                    where member.PersonId == person.Id
                    join @group in db.Groups on member.GroupId equals @group.Id
                    orderby @group.DisplayName
                    select new PersonDataGroup(@group.DirectoryId, @group.DisplayName))
                .ToListAsync(cancellationToken),
            Registrations = await (
                    from user in db.VppUsers
                    where user.PersonId == person.Id
                    join location in db.Locations on user.LocationId equals location.Id
                    orderby user.Id
                    select new PersonDataRegistration(location.Name, user.ClientUserId, user.Status, user.Retired, user.IdHash, user.ErrorNumber, user.ManagedAccountRefused, user.MailRefused, user.AcceptanceRequired, user.LeavingSince, user.ChangedAt))
                .ToListAsync(cancellationToken),
            Devices = await db.ManagedDevices.Where(d => d.PersonId == person.Id).OrderBy(d => d.Name)
                .Select(d => new PersonDataDevice(d.DeviceId, d.Name, d.Platform, d.OsVersion, d.UserAffinity, d.BooksApp, d.LastSeenAt)).ToListAsync(cancellationToken),
            DevicesReadAt = await db.DeviceReadings.Where(r => r.PersonId == person.Id).Select(r => r.ReadAt).SingleOrDefaultAsync(cancellationToken),
            Licenses = await LicensesAsync(db, person.Id, cancellationToken),
            Plans = await (
                    from line in db.PlanLines
                    where line.PersonId == person.Id
                    join plan in db.Plans on line.PlanId equals plan.Id
                    join book in db.Books on plan.BookId equals book.Id
                    join location in db.Locations on book.LocationId equals location.Id
                    orderby plan.Id
                    select new PersonDataPlan(
                        book.AdamId, db.Titles.Where(t => t.AdamId == book.AdamId).Select(t => t.Name).FirstOrDefault(), location.Name, plan.Kind, plan.State, plan.CreatedAt, line.Outcome, line.Reason))
                .ToListAsync(cancellationToken),
            Mails = await (
                    from mail in db.OutboxMails
                    where mail.PersonId == person.Id
                    orderby mail.Id
                    select new PersonDataMail(
                        mail.Kind, db.Locations.Where(l => l.Id == mail.LocationId).Select(l => l.Name).FirstOrDefault(), mail.State, mail.Failure, mail.Attempts, mail.QueuedAt, mail.NextAt, mail.TriedAt, mail.SentAt, mail.AcceptedAt))
                .ToListAsync(cancellationToken),
            Activity = await ActivityAsync(db, person, own, cancellationToken),
        };
    }

    private static async Task<IReadOnlyList<PersonDataLicense>> LicensesAsync(VppBooksDbContext db, int personId, CancellationToken cancellationToken)
    {
        var changes = (await db.LicenseChanges.Where(c => db.Licenses.Any(l => l.Id == c.LicenseId && l.PersonId == personId)).OrderBy(c => c.Id)
                .Select(c => new { c.LicenseId, Change = new PersonDataChange(c.At, c.To, c.Cause, c.ErrorNumber) }).ToListAsync(cancellationToken))
            .ToLookup(c => c.LicenseId, c => c.Change);
        var licenses = await (
                from license in db.Licenses
                where license.PersonId == personId
                join book in db.Books on license.BookId equals book.Id
                join location in db.Locations on book.LocationId equals location.Id
                orderby license.Id
                select new { License = license, Title = db.Titles.Where(t => t.AdamId == license.AdamId).Select(t => t.Name).FirstOrDefault(), location.Name })
            .AsNoTracking()
            .ToListAsync(cancellationToken);
        return
        [
            .. licenses.Select(l => new PersonDataLicense(
                l.License.AdamId, l.Title, l.Name, l.License.Ordinal + 1, l.License.State, l.License.Source, l.License.Cause, l.License.ErrorNumber, l.License.CreatedAt, l.License.WantedAt,
                l.License.WaitingRank, l.License.ChangedAt, [.. changes[l.License.Id]])),
        ];
    }

    // Two reads: one condition over both columns would keep the database from using the index of either.
    private static async Task<IReadOnlyList<PersonDataEvent>> ActivityAsync(VppBooksDbContext db, Person person, bool own, CancellationToken cancellationToken)
    {
        var (asActor, asReader) = (person.DirectoryId.ToString("D", CultureInfo.InvariantCulture), Actor.Reader(person.PublicId).Id);
        var about = await db.AuditEvents.AsNoTracking().Where(a => a.PersonId == person.Id).ToListAsync(cancellationToken);
        var by = await db.AuditEvents.AsNoTracking().Where(a => a.ActorId == asActor || a.ActorId == asReader).ToListAsync(cancellationToken);
        return [.. about.Concat(by).DistinctBy(a => a.Id).OrderBy(a => a.Id).Select(a => new PersonDataEvent(a.At, a.Action, NameOf(a), a.Details))];

        // Who of the staff it was is not what is stored about the reader, but about somebody else.
        string NameOf(AuditEvent a) => own && a.ActorKind != ActorKind.System && a.ActorId != asActor && a.ActorId != asReader ? "Staff" : a.ActorName;
    }
}

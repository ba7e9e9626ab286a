using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>Registers people who are to get a license and are unknown to Apple at its location, and those who returned to books that are theirs.</summary>
public sealed class Registrar(AppleClient apple, OperationRecorder recorder, IdSource ids, TimeProvider clock)
{
    private const int Window = 5000;

    /// <returns>True when a request was made.</returns>
    internal async Task<bool> RegisterAsync(LocationSession session, CancellationToken cancellationToken)
    {
        await AddMissingAsync(session, cancellationToken);
        var worked = false;
        while (true)
        {
            var config = await apple.GetServiceConfigAsync(cancellationToken);
            var batch = await NextBatchAsync(session, config.MaxUsers, cancellationToken);
            if (batch.Count == 0)
            {
                return worked;
            }

            var operation = await IntendAsync(session, batch, cancellationToken);
            CrashPoint.Hit("intent.after-commit");
            CrashPoint.Hit("post.before-send");
            var outcome = await apple.CreateUsersAsync(session.Apple, [.. batch.Select(b => b.Change)], cancellationToken);
            CrashPoint.Hit("post.after-accept");
            CrashPoint.Hit("user.create.after-accept");
            worked = true;
            if (!await recorder.RecordAsync(session, operation, outcome))
            {
                return worked;
            }

            if (outcome is not ChangeOutcome.Accepted && outcome is not ChangeOutcome.Refused { Refusal.Error.Category: ErrorCategory.Request or ErrorCategory.Size })
            {
                // Whatever stopped this request would stop the next one too.
                return worked;
            }
        }
    }

    private Task AddMissingAsync(LocationSession session, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var missing = await db.Licenses
                    .Where(l => l.State == LicenseState.Reserved && db.Books.Any(b => b.Id == l.BookId && b.LocationId == session.LocationId))
                    .Where(l => !db.VppUsers.Any(u => u.PersonId == l.PersonId && u.LocationId == session.LocationId && !u.Retired))
                    // An undecided plan would give it up: asked for only if it stays.
                    .Where(l => !PendingReleases.In(db).Any(pending => pending.Id == l.Id))
                    .Select(l => l.PersonId).Distinct().ToListAsync(cancellationToken);
                var returned = await Returned(db, session.LocationId).Select(u => new { u.Id, PersonId = u.PersonId!.Value }).ToListAsync(cancellationToken);
                foreach (var chunk in returned.Chunk(Window))
                {
                    int[] known = [.. chunk.Select(r => r.Id)];
                    await db.VppUsers.Where(u => EF.Parameter(known).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.UpdateWanted, false), cancellationToken);
                }

                var uId = await db.Locations.Where(l => l.Id == session.LocationId).Select(l => l.UId).SingleAsync(cancellationToken);
                foreach (var chunk in missing.Union(returned.Select(r => r.PersonId)).Chunk(Window))
                {
                    var people = await db.People.Where(p => EF.Parameter(chunk).Contains(p.Id)).Select(p => new { p.Id, p.DirectoryId }).ToListAsync(cancellationToken);
                    // A person who returns keeps the id of before: Apple then finds the books again (reference 6.6).
                    // Whoever has several, an older id and one that was recognized, keeps the last.
                    var former = (await db.VppUsers
                        .Where(u => u.LocationId == session.LocationId && u.Retired && u.PersonId != null && EF.Parameter(chunk).Contains(u.PersonId.Value))
                        .Select(u => new { u.Id, PersonId = u.PersonId!.Value, u.ClientUserId, u.ChangedAt })
                        .ToListAsync(cancellationToken))
                        .GroupBy(u => u.PersonId)
                        .ToDictionary(g => g.Key, g => g.OrderByDescending(u => u.ChangedAt).ThenByDescending(u => u.Id).First().ClientUserId);
                    db.VppUsers.AddRange(people.Select(person => new VppUser
                    {
                        LocationId = session.LocationId,
                        PersonId = person.Id,
                        ClientUserId = former.GetValueOrDefault(person.Id) ?? ClientUserIds.For(uId, person.DirectoryId),
                        ChangedAt = now,
                    }));
                    await db.SaveChangesAsync(cancellationToken);
                    db.ChangeTracker.Clear();
                }
            },
            cancellationToken);

    /// <summary>Retired records of people who are back and hold books here: registered again, Apple gives them their books back (reference 6.6).</summary>
    internal static IQueryable<VppUser> Returned(VppBooksDbContext db, int locationId) => db.VppUsers.Where(u =>
        u.LocationId == locationId && u.PersonId != null && u.Retired && u.UpdateWanted
        && db.People.Any(p => p.Id == u.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null)
        && !db.VppUsers.Any(o => o.LocationId == locationId && o.PersonId == u.PersonId && !o.Retired)
        && db.Licenses.Any(l => l.PersonId == u.PersonId && l.State == LicenseState.Assigned && db.Books.Any(b => b.Id == l.BookId && b.LocationId == locationId)));

    /// <summary>Records that Apple is to be asked for.</summary>
    internal static IQueryable<VppUser> Waiting(VppBooksDbContext db, int locationId) => db.VppUsers.Where(u =>
        u.LocationId == locationId && u.PersonId != null && !u.Retired && u.Status == VppUserStatus.Unknown && u.OperationId == null && u.ErrorNumber == null);

    private static async Task<List<(int Id, VppUserChange Change)>> NextBatchAsync(LocationSession session, int maxUsers, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        var waiting = Waiting(db, session.LocationId);
        // After a refusal that names nobody, smaller groups find out who is meant.
        var attempts = await waiting.MaxAsync(u => (int?)u.Attempts, cancellationToken) ?? 0;
        var size = Math.Max(1, maxUsers >> Math.Min(30, attempts * 2));
        var rows = await waiting
            .OrderByDescending(u => u.Attempts).ThenBy(u => u.Id)
            .Take(size)
            .Join(db.People, u => u.PersonId, p => p.Id, (u, p) => new { u.Id, u.ClientUserId, u.MailRefused, u.ManagedAccountRefused, p.Mail, p.ManagedAppleAccount })
            .ToListAsync(cancellationToken);
        return [.. rows.Select(r => (r.Id, new VppUserChange(r.ClientUserId, r.MailRefused ? null : r.Mail, r.ManagedAccountRefused ? null : r.ManagedAppleAccount)))];
    }

    private Task<Operation> IntendAsync(LocationSession session, List<(int Id, VppUserChange Change)> batch, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await Operations.AddAsync(db, session, OperationKind.CreateUsers, batch.Count, ids.NewId(), now, cancellationToken);
                var members = batch.Select(b => b.Id).ToArray();
                await db.VppUsers.Where(u => EF.Parameter(members).Contains(u.Id)).ExecuteUpdateAsync(set => set.SetProperty(u => u.OperationId, operation.Id), cancellationToken);
                CrashPoint.Hit("intent.before-commit");
                return operation;
            },
            cancellationToken);
}

/// <summary>Writes intentions down.</summary>
internal static class Operations
{
    public static async Task<Operation> AddAsync(
        VppBooksDbContext db, LocationSession session, OperationKind kind, int tasks, Guid publicId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var operation = new Operation
        {
            PublicId = publicId,
            LocationId = session.LocationId,
            Kind = kind,
            State = OperationState.Intended,
            FenceToken = session.Lease.FenceToken,
            Tasks = tasks,
            CreatedAt = now,
        };
        db.Operations.Add(operation);
        await db.SaveChangesAsync(cancellationToken);
        db.Audit(Actor.System, now, "operation.intended", OperationRecorder.About(session, operation), new { kind = kind.ToString(), tasks });
        return operation;
    }
}

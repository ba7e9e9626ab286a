using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Audit;
using VppBooks.Core.Directory;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Privacy;

/// <summary>
/// Forgets people who were read from the directory and whom nothing needs any more (<see cref="PeopleNeeds"/>), after <see cref="PrivacyOptions.KeepUnneededFor"/>.
/// Should they be needed again, the directory tells of them again.
/// </summary>
public sealed class UnneededPeople(
    IDbContextFactory<VppBooksDbContext> contexts, PersonErasure erasure, IOptions<PrivacyOptions> privacy, IOptions<DirectoryOptions> directory, TimeProvider clock)
{
    private const int Looked = 1000;

    /// <summary>People forgotten in one transaction: everybody else can write in between.</summary>
    private const int Window = 200;

    /// <summary>Notes who is needed and who is not, and forgets who has not been for long enough.</summary>
    /// <returns>How many were forgotten.</returns>
    public async Task<int> ForgetDueAsync(CancellationToken cancellationToken)
    {
        await NoteAsync(cancellationToken);
        var before = clock.GetUtcNow() - privacy.Value.KeepUnneededFor;
        var (forgotten, last) = (0, 0);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.People.Where(p => p.Id > last && p.UnneededSince <= before).OrderBy(p => p.Id).Select(p => p.Id).Take(Window).ToArrayAsync(cancellationToken);
            if (due.Length == 0)
            {
                return forgotten;
            }

            last = due[^1];
            forgotten += await ForgetAsync(db, due, before, cancellationToken);
        }
    }

    private async Task NoteAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        for (var last = 0; ;)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var needs = await PeopleNeeds.ReadAsync(db, directory.Value, now, cancellationToken);
            var people = needs is null
                ? db.People.Where(p => p.Id > last && p.UnneededSince != null)
                : db.People.Where(p => p.Id > last && p.ErasedAt == null);
            var window = await people.OrderBy(p => p.Id).Select(p => new { p.Id, Noted = p.UnneededSince != null }).Take(Looked).ToListAsync(cancellationToken);
            if (window.Count == 0)
            {
                return;
            }

            var first = last;
            last = window[^1].Id;
            var unneeded = needs is null ? [] : await needs.Unneeded(db).Where(p => p.Id > first && p.Id <= last).Select(p => p.Id).ToHashSetAsync(cancellationToken);
            int[] begin = [.. window.Where(p => !p.Noted && unneeded.Contains(p.Id)).Select(p => p.Id)];
            int[] over = [.. window.Where(p => p.Noted && !unneeded.Contains(p.Id)).Select(p => p.Id)];
            if (begin.Length > 0)
            {
                await db.People.Where(p => EF.Parameter(begin).Contains(p.Id)).ExecuteUpdateAsync(set => set.SetProperty(p => p.UnneededSince, now), cancellationToken);
            }

            if (over.Length > 0)
            {
                await db.People.Where(p => EF.Parameter(over).Contains(p.Id)).ExecuteUpdateAsync(set => set.SetProperty(p => p.UnneededSince, (DateTimeOffset?)null), cancellationToken);
            }
        }
    }

    /// <summary>Forgets those who are unneeded still. A row that something refers to is emptied and stays under its number.</summary>
    private async Task<int> ForgetAsync(VppBooksDbContext db, int[] people, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await PeopleNeeds.ReadAsync(db, directory.Value, now, cancellationToken) is not { } needs)
        {
            return 0;
        }

        var due = await needs.Unneeded(db)
            .Where(p => EF.Parameter(people).Contains(p.Id) && p.UnneededSince <= before)
            .Select(p => new
            {
                p.Id,
                Referred = db.VppUsers.Any(u => u.PersonId == p.Id) || db.AuditEvents.Any(a => a.PersonId == p.Id)
                    || db.OutboxMails.Any(m => m.PersonId == p.Id) || db.PlanLines.Any(l => l.PersonId == p.Id),
            })
            .ToListAsync(cancellationToken);
        var kept = due.Where(p => p.Referred).Select(p => p.Id).ToArray();
        foreach (var person in await db.People.Where(p => EF.Parameter(kept).Contains(p.Id)).ToListAsync(cancellationToken))
        {
            await erasure.EmptyAsync(db, person, Actor.System, now, cancellationToken);
        }

        var strangers = due.Where(p => !p.Referred).Select(p => p.Id).ToArray();
        if (strangers.Length > 0)
        {
            await PeopleNeeds.LeaveGroupsAsync(db, strangers, cancellationToken);
            await db.People.Where(p => EF.Parameter(strangers).Contains(p.Id)).ExecuteDeleteAsync(cancellationToken);
            db.Audit(Actor.System, now, "people.forgotten", default, new { people = strangers.Length });
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // The directory told of one of them at the same moment: the next hour looks again.
            return 0;
        }

        await transaction.CommitAsync(cancellationToken);
        return due.Count;
    }
}

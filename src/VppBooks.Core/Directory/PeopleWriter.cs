using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Directory;

/// <summary>Writes what the directory says about users: people are known by their object id, whatever their name becomes (I12).</summary>
public sealed class PeopleWriter(IDbContextFactory<VppBooksDbContext> contexts, IBulkStore bulk, WorkSignal signal, IdSource ids, TimeProvider clock)
{
    /// <summary>Stores new people and changes those that differ, in one transaction.</summary>
    /// <returns>The internal number of each, in no order, repeats removed.</returns>
    public async Task<IReadOnlyCollection<int>> UpsertAsync(IReadOnlyList<DirectoryUser> users, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryUpsertAsync(users, cancellationToken);
            }
            catch (Exception e) when (attempt < 3 && !cancellationToken.IsCancellationRequested && Contention.Lost(e))
            {
                // Another server stored one of them at the same moment: the next look finds that row.
            }
        }
    }

    /// <summary>Marks everybody as gone who is not among <paramref name="present"/>. Only after a complete read of all users.</summary>
    /// <returns>How many were marked.</returns>
    public async Task<int> MarkGoneAsync(IReadOnlySet<int> present, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var here = await db.People.Where(p => p.GoneSince == null).Select(p => p.Id).ToListAsync(cancellationToken);
        return await MarkAsync(db, here.Where(id => !present.Contains(id)), cancellationToken);
    }

    /// <summary>Marks some people as gone, by their object ids in the directory; at most 1,000. Who is not known is left out.</summary>
    public async Task MarkGoneAsync(Guid[] directoryIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await MarkAsync(db, await db.People.Where(p => EF.Parameter(directoryIds).Contains(p.DirectoryId)).Select(p => p.Id).ToListAsync(cancellationToken), cancellationToken);
    }

    private async Task<int> MarkAsync(VppBooksDbContext db, IEnumerable<int> people, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var marked = 0;
        foreach (var chunk in people.Chunk(1000))
        {
            // Together, or not at all: who is marked already is not marked again, and nobody would follow.
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var here = await db.People.Where(p => EF.Parameter(chunk).Contains(p.Id) && p.GoneSince == null).Select(p => p.Id).ToArrayAsync(cancellationToken);
            if (here.Length == 0)
            {
                continue;
            }

            marked += await db.People
                .Where(p => EF.Parameter(here).Contains(p.Id) && p.GoneSince == null)
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.GoneSince, now), cancellationToken);
            foreach (var id in here)
            {
                db.Audit(Actor.System, now, "person.gone", new AuditSubject(PersonId: id));
            }

            await db.SaveChangesAsync(cancellationToken);
            await db.WantFollowingAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }

        return marked;
    }

    private async Task<IReadOnlyCollection<int>> TryUpsertAsync(IReadOnlyList<DirectoryUser> users, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var wanted = users.Select(u => u.DirectoryId).Distinct().ToList();
        var known = await db.People.Where(p => wanted.Contains(p.DirectoryId)).ToDictionaryAsync(p => p.DirectoryId, cancellationToken);
        foreach (var person in await ErasedPeople.ReturnAsync(db, [.. wanted.Where(id => !known.ContainsKey(id))], clock.GetUtcNow(), cancellationToken))
        {
            known[person.DirectoryId] = person;
        }

        var added = new Dictionary<Guid, Person>();
        foreach (var user in users)
        {
            if (known.TryGetValue(user.DirectoryId, out var person))
            {
                Describe(person, user);
            }
            else
            {
                added[user.DirectoryId] = New(user);
            }
        }

        if (added.Count > 0)
        {
            // Apple may know them when this database does not. Before they are stored: nobody who reads them must wait for whoever marks.
            await db.Locations.Where(l => l.DeletedAt == null).ExecuteUpdateAsync(set => set.SetProperty(l => l.RecognizeWanted, true), cancellationToken);
        }

        AuditChanges(db, clock.GetUtcNow());
        var told = ListTold(db);
        var decisive = added.Count > 0 || db.ChangeTracker.Entries<Person>().Any(DecidesWhetherBooksCanBeGiven);
        await db.SaveChangesAsync(cancellationToken);
        var waiting = await TellAsync(db, told, cancellationToken);
        await bulk.InsertPeopleAsync(db, added.Values, cancellationToken);
        var numbers = known.Values.Select(p => p.Id).ToList();
        if (added.Count > 0)
        {
            var unknown = added.Keys.ToList();
            numbers.AddRange(await db.People.Where(p => unknown.Contains(p.DirectoryId)).Select(p => p.Id).ToListAsync(cancellationToken));
        }

        if (decisive)
        {
            await db.WantFollowingAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        waiting.ForEach(signal.Wake);
        return numbers;
    }

    private static bool DecidesWhetherBooksCanBeGiven(EntityEntry<Person> person) =>
        person.Property(p => p.AccountEnabled).IsModified
        || person.Property(p => p.Guest).IsModified
        || person.Property(p => p.GoneSince).IsModified
        || person.Property(p => p.Mail).IsModified
        || person.Property(p => p.ManagedAppleAccount).IsModified;

    /// <summary>What decides whether somebody can be given books has its row (I9); names and addresses have none, because the trail outlives an erasure.</summary>
    private static void AuditChanges(VppBooksDbContext db, DateTimeOffset now)
    {
        foreach (var person in db.ChangeTracker.Entries<Person>().Where(p => p.State == EntityState.Modified).ToList())
        {
            var (enabled, guest) = (person.Property(p => p.AccountEnabled), person.Property(p => p.Guest));
            // Who was erased has this row already.
            if (person.Property(p => p.GoneSince) is { IsModified: true, CurrentValue: null } && !person.Property(p => p.ErasedAt).IsModified)
            {
                db.Audit(Actor.System, now, "person.returned", new AuditSubject(PersonId: person.Entity.Id));
            }

            if (enabled.IsModified || guest.IsModified)
            {
                db.Audit(
                    Actor.System,
                    now,
                    "person.changed",
                    new AuditSubject(PersonId: person.Entity.Id),
                    new
                    {
                        before = new { accountEnabled = enabled.OriginalValue, guest = guest.OriginalValue },
                        after = new { accountEnabled = enabled.CurrentValue, guest = guest.CurrentValue },
                    });
            }
        }
    }

    /// <summary>What Apple is to hear: who has another address or account, and who is back.</summary>
    private static Told ListTold(VppBooksDbContext db)
    {
        var changed = db.ChangeTracker.Entries<Person>().ToList();
        return new Told(
            Having(e => e.Property(p => p.Mail).IsModified),
            Having(e => e.Property(p => p.ManagedAppleAccount).IsModified),
            Having(e => e.Property(p => p.GoneSince) is { IsModified: true, CurrentValue: null }));

        int[] Having(Func<EntityEntry<Person>, bool> what) => [.. changed.Where(what).Select(e => e.Entity.Id)];
    }

    /// <returns>Locations with something to tell Apple.</returns>
    private static async Task<List<int>> TellAsync(VppBooksDbContext db, Told told, CancellationToken cancellationToken)
    {
        var (mails, accounts, returned) = (told.Mails, told.Accounts, told.Returned);
        int[] both = [.. mails.Union(accounts)];
        if (both.Length > 0)
        {
            // What was refused for the old address or account is tried again with the new one.
            await db.VppUsers.Where(u => u.PersonId != null && EF.Parameter(both).Contains(u.PersonId.Value) && !u.Retired).ExecuteUpdateAsync(
                set => set.SetProperty(u => u.UpdateWanted, true)
                    .SetProperty(u => u.Attempts, (byte)0)
                    .SetProperty(u => u.ErrorNumber, (int?)null)
                    .SetProperty(u => u.MailMoved, u => u.MailMoved || EF.Parameter(mails).Contains(u.PersonId!.Value))
                    .SetProperty(u => u.MailRefused, u => u.MailRefused && !EF.Parameter(mails).Contains(u.PersonId!.Value))
                    .SetProperty(u => u.ManagedAccountRefused, u => u.ManagedAccountRefused && !EF.Parameter(accounts).Contains(u.PersonId!.Value)),
                cancellationToken);
        }

        if (returned.Length > 0)
        {
            // Active records as well: one may be on its way to being retired.
            // What kept one from being retired says nothing about the person who is back.
            await db.VppUsers.Where(u => u.PersonId != null && EF.Parameter(returned).Contains(u.PersonId.Value)).ExecuteUpdateAsync(
                set => set.SetProperty(u => u.UpdateWanted, true)
                    .SetProperty(u => u.ErrorNumber, u => u.LeavingSince == null ? u.ErrorNumber : null)
                    .SetProperty(u => u.Attempts, u => u.LeavingSince == null ? u.Attempts : (byte)0)
                    .SetProperty(u => u.LeavingSince, (DateTimeOffset?)null),
                cancellationToken);
        }

        int[] all = [.. both.Union(returned)];
        return all.Length == 0
            ? []
            : await db.VppUsers.Where(u => u.UpdateWanted && u.PersonId != null && EF.Parameter(all).Contains(u.PersonId.Value)).Select(u => u.LocationId).Distinct().ToListAsync(cancellationToken);
    }

    private sealed record Told(int[] Mails, int[] Accounts, int[] Returned);

    private static void Describe(Person person, DirectoryUser user)
    {
        person.DisplayName = user.DisplayName;
        person.UserPrincipalName = user.UserPrincipalName;
        person.Mail = user.Mail;
        person.ManagedAppleAccount = user.ManagedAppleAccount;
        person.Language = user.Language;
        person.AccountEnabled = user.AccountEnabled;
        person.Guest = user.Guest;
        person.GoneSince = null;
    }

    private Person New(DirectoryUser user)
    {
        var person = new Person
        {
            PublicId = ids.NewId(),
            DirectoryId = user.DirectoryId,
            DisplayName = user.DisplayName,
            UserPrincipalName = user.UserPrincipalName,
        };
        Describe(person, user);
        return person;
    }
}

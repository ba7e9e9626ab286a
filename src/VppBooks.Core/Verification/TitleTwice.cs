using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Verification;

/// <summary>What a location's people hold at Apple, once its texts are forgotten.</summary>
/// <param name="Location">Where.</param>
/// <param name="Reading">The reading.</param>
/// <param name="PersonOf">Our person behind a number; 0: not ours.</param>
/// <param name="Doubtful">Store ids of books that show licenses which neither the ledger nor a change explains.</param>
internal sealed record LocationHoldings(VerifiedLocation Location, AppleReading Reading, Func<int, int> PersonOf, IReadOnlySet<long> Doubtful);

/// <summary>
/// Looks for people to whom Apple gives a title more than once, over all qualities and locations (I1). Two records of one Apple Account are one person. A title at a
/// time, so that memory holds one title's people only.
/// </summary>
internal sealed class TitleTwice(IDbContextFactory<VppBooksDbContext> contexts, IReadOnlyList<LocationHoldings> locations)
{
    private const int Window = 500;

    public async Task<List<Difference>> FindAsync(CancellationToken cancellationToken)
    {
        var differences = new List<Difference>();
        var identities = locations.Select(Identities).ToList();
        var titles = locations.SelectMany((l, i) => l.Reading.Books.Values.Select(b => (Where: i, Book: b))).GroupBy(b => b.Book.AdamId);
        foreach (var title in titles)
        {
            var copies = new List<Copy>();
            foreach (var (where, book) in title)
            {
                foreach (var row in book.Rows)
                {
                    var number = row >> 1;
                    copies.Add(new Copy(identities[where][number], locations[where].PersonOf(number) > 0));
                }
            }

            var twice = Repeated(copies);
            if (twice.Count > 0)
            {
                differences.AddRange(await ExplainAsync(title.Key, [.. title.Select(t => t.Where).Distinct()], twice, cancellationToken));
            }
        }

        return differences;
    }

    // A person of ours is one everywhere; somebody else's Apple Account can be told apart within its location only.
    private long[] Identities(LocationHoldings location, int where)
    {
        var reading = location.Reading;
        var ofAccount = new Dictionary<int, int>();
        for (var number = 0; number < reading.KnownPeople; number++)
        {
            if (location.PersonOf(number) is > 0 and var person && reading.AccountOf(number) is > 0 and var account)
            {
                ofAccount.TryAdd(account, person);
            }
        }

        var identities = new long[reading.KnownPeople];
        for (var number = 0; number < identities.Length; number++)
        {
            var account = reading.AccountOf(number);
            identities[number] = location.PersonOf(number) is > 0 and var person ? person
                : account > 0 && ofAccount.TryGetValue(account, out var same) ? same
                : -((((long)where + 1) << 40) | (account > 0 ? (1L << 39) | (uint)account : (uint)number));
        }

        return identities;
    }

    private static List<Held> Repeated(List<Copy> copies)
    {
        copies.Sort((a, b) => a.Who.CompareTo(b.Who));
        var twice = new List<Held>();
        var sorted = CollectionsMarshal.AsSpan(copies);
        for (var i = 0; i < sorted.Length;)
        {
            var (from, ours) = (i, 0);
            for (; i < sorted.Length && sorted[i].Who == sorted[from].Who; i++)
            {
                ours += sorted[i].Ours ? 1 : 0;
            }

            if (i - from > 1)
            {
                twice.Add(new Held(sorted[from].Who, i - from, ours));
            }
        }

        return twice;
    }

    private async Task<IEnumerable<Difference>> ExplainAsync(long adamId, IReadOnlyList<int> where, List<Held> twice, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var ids = new Dictionary<int, Guid>();
        var found = new Dictionary<int, int>();
        var bought = new Dictionary<int, HashSet<long>>();
        foreach (var part in twice.Where(t => t.Who > 0).Select(t => (int)t.Who).Chunk(Window))
        {
            foreach (var person in await db.People.Where(p => EF.MultipleParameters(part).Contains(p.Id)).Select(p => new { p.Id, p.DirectoryId }).ToListAsync(cancellationToken))
            {
                ids.Add(person.Id, person.DirectoryId);
            }

            var rows = await db.Licenses.Where(l => l.AdamId == adamId && EF.MultipleParameters(part).Contains(l.PersonId))
                .Select(l => new { l.Id, l.PersonId, l.State, l.OperationId }).ToListAsync(cancellationToken);
            foreach (var row in rows)
            {
                var assigned = row.State is LicenseState.Assigned;
                found[row.PersonId] = found.GetValueOrDefault(row.PersonId) + (assigned ? 1 : 0);
                if (row.OperationId is { } operation && (assigned || row.State is LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown))
                {
                    Requests(row.PersonId).Add(operation);
                }
            }

            // Requests of before that may have bought a copy as well: those that ended in a silence, not in a refusal.
            var people = rows.ToDictionary(r => r.Id, r => r.PersonId);
            foreach (var licenses in people.Keys.ToArray().Chunk(Window))
            {
                foreach (var change in await db.LicenseChanges
                    .Where(c => EF.MultipleParameters(licenses).Contains(c.LicenseId) && c.OperationId != null && (c.Cause == LicenseCause.AbsentTwice || c.Cause == LicenseCause.SeenAtApple)
                        && (c.From == LicenseState.Submitting || c.From == LicenseState.Submitted || c.From == LicenseState.Unknown))
                    .Select(c => new { c.LicenseId, c.OperationId }).ToListAsync(cancellationToken))
                {
                    Requests(people[change.LicenseId]).Add(change.OperationId!.Value);
                }
            }
        }

        var label = new VerifiedBook(null, adamId, null, await db.Titles.Where(t => t.AdamId == adamId).OrderBy(t => t.Id).Select(t => t.Name).FirstOrDefaultAsync(cancellationToken));
        return twice.GroupBy(Why).Select(group => new Difference
        {
            Kind = DifferenceKind.TitleTwice,
            Cause = group.Key,
            Location = where is [var only] ? locations[only].Location : null,
            Book = label,
            Count = group.Count(),
            Ids = [.. group.Where(h => h.Who > 0).Take(Difference.MaxIds).Select(h => ids[(int)h.Who])],
        });

        HashSet<long> Requests(int person) => bought.TryGetValue(person, out var requests) ? requests : bought[person] = [];

        DifferenceCause Why(Held held)
        {
            if (held.Who <= 0)
            {
                return DifferenceCause.NotOurs;
            }

            if (bought.TryGetValue((int)held.Who, out var requests) && requests.Count > 1)
            {
                return DifferenceCause.None;
            }

            return found.GetValueOrDefault((int)held.Who) < held.Ours
                ? where.Any(w => locations[w].Doubtful.Contains(adamId)) ? DifferenceCause.None : DifferenceCause.ChangedSinceSync
                : held.Ours < held.Copies ? DifferenceCause.NotOurs : DifferenceCause.FoundAtApple;
        }
    }

    private readonly record struct Copy(long Who, bool Ours);

    private readonly record struct Held(long Who, int Copies, int Ours);
}

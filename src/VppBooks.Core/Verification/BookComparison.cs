using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Verification;

/// <summary>What differs at one book, and whether looking again could change that.</summary>
internal sealed record BookFindings(IReadOnlyList<Difference> Differences, bool Again);

/// <summary>
/// Compares a location's books at Apple with the ledger, book by book, and looks for the reason of each difference (I2, I3). Made anew for every look,
/// because the ledger goes on while Apple is read.
/// </summary>
internal sealed class BookComparison(VppBooksDbContext db, Location location, AppleReading reading, WaitingFor? waiting)
{
    private static readonly LicenseState[] Aside = [LicenseState.Reserved, LicenseState.Held, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];
    private const int Window = 500;

    private readonly VerifiedLocation _where = new(location.PublicId, location.Name);
    private readonly List<int> _personOf = [];
    private readonly Dictionary<AssetKey, Book> _known = [];

    /// <summary>Our person behind a number; 0 for a record that is not ours.</summary>
    public int PersonOf(int number) => number < _personOf.Count ? _personOf[number] : 0;

    /// <summary>Reads who the location's records are and which books the ledger knows.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await foreach (var user in db.VppUsers.AsNoTracking().Where(u => u.LocationId == location.Id && u.PersonId != null)
            .Select(u => new { u.ClientUserId, u.PersonId }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var number = reading.NumberOf(user.ClientUserId);
            while (_personOf.Count <= number)
            {
                _personOf.Add(0);
            }

            _personOf[number] = user.PersonId!.Value;
        }

        await foreach (var book in db.Books.AsNoTracking().Where(b => b.LocationId == location.Id).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            _known.Add(book.Key, book);
        }
    }

    /// <summary>Compares some books.</summary>
    public async Task<Dictionary<AssetKey, BookFindings>> CompareAsync(IEnumerable<BookAtApple> books, CancellationToken cancellationToken)
    {
        var open = new List<OneBook>();
        var found = new Dictionary<AssetKey, BookFindings>();
        foreach (var book in books)
        {
            var one = await CompareAsync(book, cancellationToken);
            if (one is not null)
            {
                open.Add(one);
            }
        }

        if (open.Count == 0)
        {
            return found;
        }

        var changes = await ChangesAsync(open, cancellationToken);
        foreach (var one in open)
        {
            found.Add(one.Book.Key, await ExplainAsync(one, changes, cancellationToken));
        }

        return found;
    }

    /// <summary>The book's rows of the ledger that are assigned: people, and others' records as negative numbers.</summary>
    private async Task<List<int>> HoldersHereAsync(Book book, CancellationToken cancellationToken)
    {
        var holders = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).Select(l => l.PersonId).ToListAsync(cancellationToken);
        await foreach (var id in db.ForeignHoldings.Where(h => h.BookId == book.Id)
            .Join(db.VppUsers, h => h.VppUserId, u => u.Id, (_, u) => u.ClientUserId).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            holders.Add(~reading.NumberOf(id));
        }

        holders.Sort();
        return holders;
    }

    private async Task<OneBook?> CompareAsync(BookAtApple book, CancellationToken cancellationToken)
    {
        var row = _known.GetValueOrDefault(book.Key);
        var here = row is null ? [] : await HoldersHereAsync(row, cancellationToken);
        var there = book.Rows.Select(r => PersonOf(r >> 1) is > 0 and var person ? person : ~(r >> 1)).ToList();
        there.Sort();
        var (onlyThere, onlyHere) = Differ(there, here);
        var aside = row is null || book.Asset is null or { Unlimited: true }
            ? []
            : await db.Licenses.Where(l => l.BookId == row.Id && Aside.Contains(l.State)).GroupBy(l => l.State).Select(g => new { g.Key, Count = g.Count() })
                .ToDictionaryAsync(g => g.Key, g => g.Count, cancellationToken);
        var tight = aside.Values.Sum() > book.Asset?.AvailableCount;
        var counted = book.Asset is null || book.Asset.AssignedCount == here.Count;
        return onlyThere.Exists(h => h > 0) || onlyHere.Exists(h => h > 0) || !counted || tight
            ? new OneBook(book, row, here.Count, onlyThere, onlyHere, aside)
            : null;
    }

    /// <summary>What only one of two sorted lists holds; an entry that occurs twice must occur twice in both.</summary>
    private static (List<int> First, List<int> Second) Differ(List<int> first, List<int> second)
    {
        var (a, b) = (new List<int>(), new List<int>());
        for (int i = 0, j = 0; i < first.Count || j < second.Count;)
        {
            if (j == second.Count || (i < first.Count && first[i] < second[j]))
            {
                a.Add(first[i++]);
            }
            else if (i == first.Count || first[i] > second[j])
            {
                b.Add(second[j++]);
            }
            else
            {
                i++;
                j++;
            }
        }

        return (a, b);
    }

    /// <summary>What the next sync would be told as changed; null when all may have changed.</summary>
    private async Task<HashSet<(AssetKey, int)>?> ChangesAsync(List<OneBook> open, CancellationToken cancellationToken)
    {
        if (location.AssignmentsVersionId is not { } since)
        {
            return null;
        }

        return since == reading.VersionId || open.TrueForAll(o => o.OnlyThere.Count == 0)
            ? []
            : await reading.ReadChangesAsync(since, open.Select(o => o.Book.Key).ToHashSet(), cancellationToken);
    }

    private async Task<BookFindings> ExplainAsync(OneBook one, HashSet<(AssetKey, int)>? changes, CancellationToken cancellationToken)
    {
        var label = await LabelAsync(one, cancellationToken);
        var found = new List<Difference>();
        var before = await RowsAsync(one.Book.AdamId, [.. one.OnlyThere.Concat(one.OnlyHere).Where(h => h > 0).Distinct()], cancellationToken);
        var changedPeople = changes?.Where(c => c.Item1 == one.Book.Key).Select(c => PersonOf(c.Item2) is > 0 and var person ? person : ~c.Item2).ToHashSet();

        var there = one.OnlyThere.GroupBy(h => WhyNotHere(one, h, before[h], changedPeople)).ToList();
        var here = one.OnlyHere.GroupBy(h => WhyNotThere(one, h, before[h])).ToList();
        foreach (var group in there.Where(g => g.Any(h => h > 0)))
        {
            found.Add(await DifferenceAsync(DifferenceKind.NotInLedger, group.Key, [.. group.Where(h => h > 0)]));
        }

        foreach (var group in here.Where(g => g.Any(h => h > 0)))
        {
            found.Add(await DifferenceAsync(DifferenceKind.NotAtApple, group.Key, [.. group.Where(h => h > 0)]));
        }

        if (one.Book.Asset is { } asset && asset.AssignedCount != one.Here)
        {
            // The count follows from the rows: it is explained when each of them is, and when Apple's own list agrees with Apple's count.
            var reasons = there.Concat(here).Select(g => g.Key).ToList();
            var why = asset.AssignedCount == one.Book.Rows.Count && reasons.Count > 0 ? reasons.Find(r => r.Cause == DifferenceCause.None) ?? reasons[0]
                : one.Book.Complete ? Why.Nothing : new Why(DifferenceCause.Moving);
            found.Add(New(DifferenceKind.CountsDiffer, why, Math.Abs(asset.AssignedCount - one.Here)) with { AtApple = asset.AssignedCount, Here = one.Here });
        }

        if (FindStock(one, before) is { } stock)
        {
            found.Add(stock with { Location = _where, Book = label });
        }

        return new BookFindings(found, found.Exists(d => d.Cause is DifferenceCause.None or DifferenceCause.Moving));

        Difference New(DifferenceKind kind, Why why, long count) => new()
        {
            Kind = kind,
            Cause = why.Cause,
            Location = _where,
            Book = label,
            Count = count,
            At = why.At,
            OperationId = why.Operation,
            OperationState = why.State,
        };

        async Task<Difference> DifferenceAsync(DifferenceKind kind, Why why, List<int> people)
        {
            var first = people.Distinct().Take(Difference.MaxIds).ToList();
            return New(kind, why, people.Count) with
            {
                Ids = await db.People.Where(p => first.Contains(p.Id)).OrderBy(p => p.Id).Select(p => p.DirectoryId).ToListAsync(cancellationToken),
            };
        }
    }

    private Why WhyNotHere(OneBook one, int holder, IEnumerable<Row> rows, HashSet<int>? changed)
    {
        // Sent by us and not settled: the operation knows when it is looked at again.
        if (rows.FirstOrDefault(r => r.BookId == one.Row?.Id && UnderWay(r.State) && r.Operation is OperationState.Intended or OperationState.Submitted or OperationState.Unknown) is { } row)
        {
            return new Why(DifferenceCause.OnItsWay, row.NextCheckAt, row.OperationId, row.Operation);
        }

        if (location.LastSyncedAt is null)
        {
            return new Why(DifferenceCause.NeverSynced);
        }

        // Exactly what the next sync will be told; a version that Apple has forgotten tells of everything.
        return changed is null || changed.Contains(holder) ? new Why(DifferenceCause.ChangedSinceSync, location.LastSyncedAt) : Why.Nothing;
    }

    private Why WhyNotThere(OneBook one, int holder, IEnumerable<Row> rows)
    {
        if (one.Book.Asset is null)
        {
            return new Why(DifferenceCause.BookGone);
        }

        if (!one.Book.Complete)
        {
            return new Why(DifferenceCause.Moving);
        }

        var mine = rows.Where(r => r.BookId == one.Row!.Id && r.State == LicenseState.Assigned).ToList();
        if (mine.Exists(r => r.MissedOnce))
        {
            return new Why(DifferenceCause.MissedOnce, location.LastSyncedAt);
        }

        // What was there at the last sync can only have gone since, and Apple's version says that something did. It was there when Apple's count was the
        // number of our rows, and when the row says that a reading saw it.
        var moved = location.AssignmentsVersionId != reading.VersionId;
        var added = one.Row!.AssignedCount == one.Here || one.Row.ModifiedAt > location.LastSyncedAt;
        var seen = holder < 0 || mine.Exists(r => r.Cause is LicenseCause.SeenAtApple or LicenseCause.None);
        return moved && added && seen ? new Why(DifferenceCause.TakenBack, location.LastSyncedAt) : Why.Nothing;
    }

    private Difference? FindStock(OneBook one, ILookup<int, Row> before)
    {
        if (one.Row is not { } row || one.Book.Asset is not { Unlimited: false } asset)
        {
            return null;
        }

        var arrived = one.OnlyThere.Where(h => h > 0).Sum(h => before[h].Count(r => r.BookId == row.Id && UnderWay(r.State)));
        var aside = one.Aside.Values.Sum() - arrived;
        if (aside <= asset.AvailableCount)
        {
            return null;
        }

        var movable = one.Aside.GetValueOrDefault(LicenseState.Reserved);
        var why = row.AvailableCount != asset.AvailableCount ? new Why(DifferenceCause.ChangedSinceSync, location.LastSyncedAt)
            : waiting is not null ? new Why(waiting.Cause, waiting.At)
            : movable > 0 ? Why.Nothing
            : new Why(one.Aside.ContainsKey(LicenseState.Held) ? DifferenceCause.Held : DifferenceCause.Sent);
        return new Difference
        {
            Kind = DifferenceKind.MoreThanStock,
            Cause = why.Cause,
            At = why.At,
            Count = aside - asset.AvailableCount,
            AtApple = asset.AvailableCount,
            Here = aside,
        };
    }

    private async Task<ILookup<int, Row>> RowsAsync(long adamId, IReadOnlyList<int> people, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        foreach (var part in people.Chunk(Window))
        {
            rows.AddRange(await (
                from license in db.Licenses
                where license.AdamId == adamId && EF.MultipleParameters(part).Contains(license.PersonId)
                join operation in db.Operations on license.OperationId equals operation.Id into operations
                from operation in operations.DefaultIfEmpty()
                select new Row(
                    license.PersonId,
                    license.BookId,
                    license.State,
                    license.Cause,
                    license.MissedOnce,
                    operation == null ? null : operation.PublicId,
                    operation == null ? null : operation.State,
                    operation == null ? null : operation.NextCheckAt)).ToListAsync(cancellationToken));
        }

        return rows.ToLookup(r => r.PersonId);
    }

    private async Task<VerifiedBook> LabelAsync(OneBook one, CancellationToken cancellationToken) => new(
        one.Row?.PublicId,
        one.Book.AdamId,
        one.Book.Key.PricingParam,
        one.Row?.TitleId is { } title ? await db.Titles.Where(t => t.Id == title).Select(t => t.Name).SingleOrDefaultAsync(cancellationToken) : null);

    private static bool UnderWay(LicenseState state) => state is LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown;

    /// <summary>A book with differences. People are positive, records that are not ours are complements of their number.</summary>
    private sealed record OneBook(BookAtApple Book, Book? Row, int Here, List<int> OnlyThere, List<int> OnlyHere, Dictionary<LicenseState, int> Aside);

    private sealed record Why(DifferenceCause Cause, DateTimeOffset? At = null, Guid? Operation = null, OperationState? State = null)
    {
        public static readonly Why Nothing = new(DifferenceCause.None);
    }

    private sealed record Row(
        int PersonId, int BookId, LicenseState State, LicenseCause Cause, bool MissedOnce, Guid? OperationId, OperationState? Operation, DateTimeOffset? NextCheckAt);
}

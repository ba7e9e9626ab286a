using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Reports;

/// <summary>Counts of past days: of everything, of one token or of one book. Tokens deleted since are not part of it.</summary>
public sealed class HistoryReader(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>Days that are told at most.</summary>
    public const int MostDays = 731;

    /// <summary>One point per day, the first and the last day included.</summary>
    /// <param name="scope">Which books.</param>
    /// <param name="from">First day; at most <see cref="MostDays"/> before the last one.</param>
    /// <param name="until">Last day.</param>
    /// <param name="zone">Where days begin and end.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<HistoryPoint>> ListAsync(HistoryScope scope, DateOnly from, DateOnly until, TimeZoneInfo zone, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        if (until < from)
        {
            return [];
        }

        var first = from.DayNumber < until.DayNumber - MostDays + 1 ? until.AddDays(1 - MostDays) : from;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // Books that were removed since as well: the past stays as it was.
        var books =
            from book in db.Books
            join location in db.Locations on book.LocationId equals location.Id
            where location.DeletedAt == null && (scope.Book == null || book.PublicId == scope.Book) && (scope.Location == null || location.PublicId == scope.Location)
            select book.Id;
        var snapshots = db.BookCountSnapshots.AsNoTracking().Where(s => books.Contains(s.BookId));
        var (start, end) = (TimeMachine.EndOf(first.AddDays(-1), zone), TimeMachine.EndOf(until, zone));

        // What was known when the first day began, and after that only what changed.
        var before = snapshots.Where(s => s.At < start && !db.BookCountSnapshots.Any(n => n.BookId == s.BookId && n.Id > s.Id && n.At < start));
        var counts = new Running();
        await foreach (var snapshot in before.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            counts.Take(snapshot);
        }

        var points = new List<HistoryPoint>();
        var (day, dayEnd) = (first, TimeMachine.EndOf(first, zone));
        await foreach (var snapshot in snapshots.Where(s => s.At >= start && s.At < end).OrderBy(s => s.Id).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            while (snapshot.At >= dayEnd)
            {
                Close();
            }

            counts.Take(snapshot);
        }

        while (day <= until)
        {
            Close();
        }

        return points;

        void Close()
        {
            points.Add(counts.At(day));
            day = day.AddDays(1);
            dayEnd = TimeMachine.EndOf(day, zone);
        }
    }

    private sealed class Running
    {
        private readonly Dictionary<int, BookCountSnapshot> _last = [];
        private long _bought;
        private long _assigned;
        private long _available;
        private long _unlimited;

        public void Take(BookCountSnapshot snapshot)
        {
            if (_last.TryGetValue(snapshot.BookId, out var known))
            {
                Count(known, -1);
            }

            _last[snapshot.BookId] = snapshot;
            Count(snapshot, 1);
        }

        public HistoryPoint At(DateOnly day) => new(day, _last.Count > 0, _bought, _assigned, _available, _unlimited);

        private void Count(BookCountSnapshot snapshot, int sign)
        {
            if (snapshot.Unlimited)
            {
                _unlimited += sign * snapshot.AssignedCount;
                return;
            }

            _bought += sign * snapshot.TotalCount;
            _assigned += sign * snapshot.AssignedCount;
            _available += sign * snapshot.AvailableCount;
        }
    }
}

/// <summary>Which books a history is of: all when both are null.</summary>
/// <param name="Location">Public id of a token.</param>
/// <param name="Book">Public id of a book.</param>
public sealed record HistoryScope(Guid? Location = null, Guid? Book = null);

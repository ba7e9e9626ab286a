using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Alerts;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Overview;

/// <summary>Reads the first page's numbers: from the books' counts, never by scanning licenses one by one.</summary>
public sealed class OverviewReader(IDbContextFactory<VppBooksDbContext> contexts, AlertRules rules, TimeProvider clock)
{
    private const int MostAttention = 5;
    private const int RecentEvents = 10;

    /// <summary>A token that ends within this time wants to be renewed.</summary>
    public static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(30);

    /// <summary>All of it; who did what only for those who may read the activity.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<OverviewData> ReadAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var tokens = await db.Locations.AsNoTracking()
            .Where(l => l.DeletedAt == null)
            .OrderBy(l => l.Name).ThenBy(l => l.Id)
            .Select(l => new Token(
                new TokenSummary(l.Id, l.PublicId, l.Name, l.State, l.ReadOnly, l.TokenExpires, l.SyncStatus, l.LastSyncedAt, l.PausedUntil),
                l.ClaimedByName,
                l.StateErrorNumber,
                db.SyncRuns.Where(r => r.LocationId == l.Id && r.EndedAt != null).OrderByDescending(r => r.Id).Select(r => r.ErrorCode).FirstOrDefault()))
            .ToListAsync(cancellationToken);
        return new OverviewData(
            await TotalsAsync(db, await rules.ReadAsync(db, cancellationToken), cancellationToken),
            await PeopleAsync(db, cancellationToken),
            tokens.ConvertAll(t => t.Summary),
            await AttentionAsync(db, tokens, cancellationToken),
            actor.May(Permissions.ReadActivity) ? await RecentAsync(db, cancellationToken) : null);
    }

    private static async Task<LicenseTotals> TotalsAsync(VppBooksDbContext db, AlertOptions rules, CancellationToken cancellationToken)
    {
        var books = from book in db.Books
                    join location in db.Locations on book.LocationId equals location.Id
                    where location.DeletedAt == null && book.RemovedAt == null
                    select book;
        var sums = await books
            .GroupBy(b => b.Unlimited)
            .Select(g => new { Unlimited = g.Key, Books = g.Count(), Total = g.Sum(b => b.TotalCount), Used = g.Sum(b => b.AssignedCount), Free = g.Sum(b => b.AvailableCount) })
            .ToListAsync(cancellationToken);
        var limited = sums.Find(s => !s.Unlimited);
        var unlimited = sums.Find(s => s.Unlimited);

        // Only licenses that are on their way or waiting: few, and counted through the index over book and state.
        var open = await (
            from book in books
            join license in db.Licenses on book.Id equals license.BookId
            where license.State != LicenseState.Assigned
            group license by license.State into states
            select new { State = states.Key, Count = states.Count() }).ToListAsync(cancellationToken);
        var @short = await db.ListedBooks().Where(db, new BookQuery { State = BookFilter.RunningShort }, rules).CountAsync(cancellationToken);
        return new LicenseTotals(
            sums.Sum(s => s.Books),
            limited?.Total ?? 0,
            limited?.Used ?? 0,
            limited?.Free ?? 0,
            open.Where(o => o.State is LicenseState.Reserved or LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown).Sum(o => o.Count),
            open.Where(o => o.State == LicenseState.Waiting).Sum(o => o.Count),
            unlimited?.Books ?? 0,
            unlimited?.Used ?? 0,
            @short);
    }

    private static async Task<PeopleTotals> PeopleAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        // The question of the list behind each number.
        Task<int> CountAsync(RegistrationState registration) =>
            PeopleCatalog.Matching(db, new PeopleQuery { Registration = registration, Presence = Presence.Here }).CountAsync(cancellationToken);
        return new PeopleTotals(await CountAsync(RegistrationState.Associated), await CountAsync(RegistrationState.Invited), await CountAsync(RegistrationState.Refused));
    }

    private async Task<IReadOnlyList<AttentionItem>> AttentionAsync(VppBooksDbContext db, List<Token> tokens, CancellationToken cancellationToken)
    {
        var soon = clock.GetUtcNow() + ExpiresSoon;
        var items = new List<(int Urgency, AttentionItem Item)>();
        foreach (var (token, claimedBy, errorNumber, errorCode) in tokens)
        {
            if (token.State switch
            {
                TokenState.AssignedToExternalMdm => (0, (AttentionItem)new AttentionItem.TokenClaimedElsewhere(token.PublicId, token.Name, claimedBy)),
                TokenState.Expired => (1, new AttentionItem.TokenExpired(token.PublicId, token.Name, token.Expires)),
                TokenState.Invalid => (1, new AttentionItem.TokenRefused(token.PublicId, token.Name, errorNumber)),
                _ when token.ReadOnly => (2, new AttentionItem.TokenReadOnly(token.PublicId, token.Name)),
                _ when token.SyncStatus == SyncStatus.Failed => (3, new AttentionItem.SyncFailed(token.PublicId, token.Name, errorCode, token.LastSyncedAt)),
                _ when token.Expires <= soon => (4, new AttentionItem.TokenExpiring(token.PublicId, token.Name, token.Expires)),
                _ => ((int, AttentionItem)?)null,
            } is { } item)
            {
                items.Add(item);
            }
        }

        items.AddRange(await BooksAsync(db, LicenseState.Waiting, 5, cancellationToken));
        items.AddRange(await BooksAsync(db, LicenseState.Failed, 6, cancellationToken));
        return [.. items.OrderBy(i => i.Urgency).Select(i => i.Item).Take(MostAttention)];
    }

    private static async Task<IEnumerable<(int, AttentionItem)>> BooksAsync(VppBooksDbContext db, LicenseState state, int urgency, CancellationToken cancellationToken)
    {
        var counts = await db.Licenses
            .Where(l => l.State == state)
            .GroupBy(l => l.BookId)
            .Select(g => new { BookId = g.Key, Count = g.Count() })
            .OrderByDescending(g => g.Count).ThenBy(g => g.BookId)
            .Take(MostAttention)
            .ToListAsync(cancellationToken);
        var ids = counts.ConvertAll(c => c.BookId);
        var books = await db.ListedBooks().Where(b => ids.Contains(b.Book.Id))
            .Select(b => new { b.Book.Id, b.Book.PublicId, b.Title!.Name, b.Book.AdamId, b.Book.AvailableCount })
            .ToDictionaryAsync(b => b.Id, cancellationToken);
        return counts.Where(c => books.ContainsKey(c.BookId)).Select(c =>
        {
            var book = books[c.BookId];
            AttentionItem item = state == LicenseState.Waiting
                ? new AttentionItem.BookShort(book.PublicId, book.Name, book.AdamId, c.Count, book.AvailableCount)
                : new AttentionItem.LicensesFailed(book.PublicId, book.Name, book.AdamId, c.Count);
            return (urgency, item);
        });
    }

    private static async Task<IReadOnlyList<RecentEvent>> RecentAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        // The plan above them says it for all of its groups.
        var last = db.AuditEvents.AsNoTracking().Where(e => !e.Action.StartsWith("assignment.")).OrderByDescending(e => e.Id).Take(RecentEvents);
        return await (
            from entry in last
            join location in db.Locations on entry.LocationId equals location.Id into locations
            from location in locations.DefaultIfEmpty()
            join book in db.Books on entry.BookId equals book.Id into books
            from book in books.DefaultIfEmpty()
            join title in db.Titles on book!.TitleId equals title.Id into titles
            from title in titles.DefaultIfEmpty()
            join directoryGroup in db.Groups on entry.GroupId equals directoryGroup.Id into groups
            from directoryGroup in groups.DefaultIfEmpty()
            orderby entry.Id descending
            select new RecentEvent(
                entry.Id, entry.At, entry.ActorName, entry.Action, (Guid?)location!.PublicId, (string?)location.Name, (Guid?)book!.PublicId, (string?)title!.Name, (long?)book.AdamId, (string?)directoryGroup!.DisplayName, entry.Details))
            .ToListAsync(cancellationToken);
    }

    private sealed record Token(TokenSummary Summary, string? ClaimedByName, int? ErrorNumber, string? ErrorCode);
}

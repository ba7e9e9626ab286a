using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Alerts;

/// <summary>When books count as low.</summary>
/// <param name="Count">At most this many free; null: no number counts.</param>
/// <param name="Share">At most this share free, 0 to 1; null: no share counts.</param>
public sealed record StockLimit(int? Count, double? Share);

/// <summary>The threshold of a location or a book.</summary>
/// <param name="Own">Its own; null: it has none.</param>
/// <param name="Inherited">What holds without one of its own.</param>
/// <param name="FromLocation">Whether that is the one of the book's location, and not the one for all.</param>
/// <param name="Version">To hand in with a change; 0: it never had one.</param>
/// <param name="ChangedAt">When it was changed last; null: never.</param>
/// <param name="ChangedByName">Who did.</param>
public sealed record StockThresholdView(StockLimit? Own, StockLimit Inherited, bool FromLocation, int Version, DateTimeOffset? ChangedAt, string? ChangedByName);

/// <summary>What became of a change of a threshold.</summary>
public enum ThresholdAnswer
{
    /// <summary>It is stored, and alerts follow it from the next look on.</summary>
    Done = 0,

    /// <summary>There is no such location or book.</summary>
    NotFound,

    /// <summary>The number or share is out of range.</summary>
    Invalid,

    /// <summary>Somebody else changed it meanwhile; nothing is stored.</summary>
    Conflict,
}

/// <summary>Thresholds of stock for the books of one location, or for one book.</summary>
public sealed class StockThresholds(IDbContextFactory<VppBooksDbContext> contexts, AlertRules rules, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>The threshold of a location or book; null when there is no such one.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the console.</exception>
    public async Task<StockThresholdView?> FindAsync(StockScope scope, Guid subjectId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await SubjectAsync(db, scope, subjectId, cancellationToken) is not { } subject)
        {
            return null;
        }

        var own = await RowAsync(db, scope, subject.Id, cancellationToken);
        var local = scope == StockScope.Book ? LimitOf(await RowAsync(db, StockScope.Location, subject.LocationId, cancellationToken)) : null;
        var all = await rules.ReadAsync(db, cancellationToken);
        return new StockThresholdView(
            LimitOf(own), local ?? new StockLimit(all.StockLowCount, all.StockLowShare), local is not null, own?.Version ?? 0, own?.ChangedAt, own?.ChangedByName);
    }

    /// <summary>Gives a location or book a threshold of its own, or takes it away.</summary>
    /// <param name="scope">Which of both.</param>
    /// <param name="subjectId">Its public id.</param>
    /// <param name="limit">The threshold; null, or one without values: what holds without one.</param>
    /// <param name="version">The version that was seen.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    public async Task<ThresholdAnswer> ChangeAsync(StockScope scope, Guid subjectId, StockLimit? limit, int version, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageSettings);
        if (AlertRules.StockLowCount.FaultOf(limit?.Count) is not null || (limit?.Share is { } share && AlertRules.StockLowShare.FaultOf(share) is not null))
        {
            return ThresholdAnswer.Invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await SubjectAsync(db, scope, subjectId, cancellationToken) is not { } subject)
        {
            return ThresholdAnswer.NotFound;
        }

        var row = await RowAsync(db, scope, subject.Id, cancellationToken);
        if ((row?.Version ?? 0) != version)
        {
            return ThresholdAnswer.Conflict;
        }

        var now = clock.GetUtcNow();
        var before = LimitOf(row);
        var after = limit is { Count: null, Share: null } ? null : limit;
        if (before == after)
        {
            return ThresholdAnswer.Done;
        }

        row ??= db.StockThresholds.Add(new StockThreshold { Scope = scope, SubjectId = subject.Id, ChangedByName = actor.DisplayName }).Entity;
        (row.LowCount, row.LowShare, row.ChangedAt, row.ChangedByName) = (after?.Count, after?.Share, now, actor.DisplayName);
        db.Audit(actor, now, "threshold.changed", new AuditSubject(subject.LocationId, scope == StockScope.Book ? subject.Id : null), new { before, after });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // Somebody came in between, or the database failed: looking again tells them apart.
            await using var again = await contexts.CreateDbContextAsync(cancellationToken);
            if ((await RowAsync(again, scope, subject.Id, cancellationToken))?.Version is { } late && late != version)
            {
                return ThresholdAnswer.Conflict;
            }

            throw;
        }

        feed.Publish(new Change.OfSettings());
        return ThresholdAnswer.Done;
    }

    private static StockLimit? LimitOf(StockThreshold? row) => row is null or { LowCount: null, LowShare: null } ? null : new StockLimit(row.LowCount, row.LowShare);

    private static Task<StockThreshold?> RowAsync(VppBooksDbContext db, StockScope scope, int subject, CancellationToken cancellationToken) =>
        db.StockThresholds.SingleOrDefaultAsync(t => t.Scope == scope && t.SubjectId == subject, cancellationToken);

    private static async Task<(int Id, int LocationId)?> SubjectAsync(VppBooksDbContext db, StockScope scope, Guid subjectId, CancellationToken cancellationToken)
    {
        var found = scope == StockScope.Location
            ? await db.Locations.Where(l => l.PublicId == subjectId && l.DeletedAt == null).Select(l => new { l.Id, LocationId = l.Id }).SingleOrDefaultAsync(cancellationToken)
            : await db.Books.Where(b => b.PublicId == subjectId).Select(b => new { b.Id, b.LocationId }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : (found.Id, found.LocationId);
    }
}

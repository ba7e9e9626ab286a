using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Locations;

/// <summary>Marks tokens whose year is over, so that the audit trail and the API's state say it without Apple being asked. Run daily.</summary>
public sealed class LocationExpiry(IDbContextFactory<VppBooksDbContext> contexts, ChangeFeed feed, TimeProvider clock, ILogger<LocationExpiry> logger)
{
    /// <returns>How many tokens were marked.</returns>
    public async Task<int> MarkAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var over = now - LocationConditions.ExpiryTolerance;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Locations
            .Where(l => l.DeletedAt == null && l.TokenExpires <= over && (l.State == TokenState.Valid || l.State == TokenState.Unknown))
            .Select(l => l.Id)
            .ToListAsync(cancellationToken);
        var marked = 0;
        foreach (var id in due)
        {
            marked += await MarkAsync(id, now, cancellationToken) ? 1 : 0;
        }

        return marked;
    }

    private async Task<bool> MarkAsync(int locationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var location = await db.Locations.SingleAsync(l => l.Id == locationId, cancellationToken);
        if (LocationConditions.StateOf(location.State, location.TokenExpires, now) == location.State)
        {
            return false;
        }

        db.Audit(Actor.System, now, "location.state-changed", new AuditSubject(locationId), new { before = location.State.ToString(), after = nameof(TokenState.Expired), expires = location.TokenExpires });
        location.State = TokenState.Expired;
        location.StateErrorNumber = null;
        location.ModifiedAt = now;
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Renewed or synced at this very moment: the next run looks again.
            return false;
        }

        feed.Publish(new Change.OfLocation(locationId));
        logger.TokenExpired(locationId);
        return true;
    }
}

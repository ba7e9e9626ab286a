using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>A target that sealed rows of the audit trail are handed on to.</summary>
/// <param name="Number">Tells it from others of this installation, whatever its name becomes.</param>
/// <param name="Target">Its name, under which the position is kept: <see cref="IAuditTarget.Name"/>.</param>
/// <param name="Label">What people know it by.</param>
public sealed record ForwardingTarget(int Number, string Target, string Label);

/// <summary>
/// Tells when sealed rows do not reach a target: some have been sealed for long, and none of those before them is handed on any more. A new target that has years to catch up
/// with is no trouble while it does. Of one that was told already, a process that has just begun knows no better, and leaves it until rows move.
/// </summary>
public sealed class ForwardingAlerts(IReadOnlyList<ForwardingTarget> targets, IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock) : IAlertSource
{
    /// <summary>How long rows may stand still. They are handed on within seconds, and by another server a minute after the first one died.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, Standing> _standing = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyCollection<AlertKind> Kinds { get; } = [AlertKind.AuditNotForwarded];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AlertCondition>> ListAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = new List<AlertCondition>();
        foreach (var target in targets)
        {
            var (events, licenses) = await db.AuditForwardings.Where(f => f.Target == target.Target).Select(f => new { f.Events, f.Licenses }).SingleOrDefaultAsync(cancellationToken) is { } kept
                ? (kept.Events, kept.Licenses)
                : (0, 0);
            var known = _standing.GetValueOrDefault(target.Target);
            var standing = known is not null && (known.Events, known.Licenses) == (events, licenses) ? known : new Standing(events, licenses, now, Moved: known is not null);
            _standing[target.Target] = standing;

            var next = Earlier(
                await db.AuditEvents.Where(a => a.Sequence > events).OrderBy(a => a.Sequence).Select(a => a.SealedAt).FirstOrDefaultAsync(cancellationToken),
                await db.LicenseChanges.Where(c => c.Sequence > licenses).OrderBy(c => c.Sequence).Select(c => c.SealedAt).FirstOrDefaultAsync(cancellationToken));
            var trouble = new AlertCondition(AlertKind.AuditNotForwarded, target.Number) { Severity = AlertSeverity.Critical, Subject = target.Label, About = next };
            // Told already, here or by another server that had looked for longer: it stays until rows are seen to move.
            if (next <= now - Patience
                && (now - standing.Since >= Patience || await db.Alerts.AnyAsync(a => a.Key == trouble.Key && a.ClearedAt == null && (!standing.Moved || a.RaisedAt >= standing.Since), cancellationToken)))
            {
                found.Add(trouble);
            }
        }

        return found;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    // Where a target stands, since when, and whether it was seen to move.
    private sealed record Standing(long Events, long Licenses, DateTimeOffset Since, bool Moved);
}

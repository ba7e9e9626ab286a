using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Tells when the audit trail stops: rows that nobody seals, or an end of it that somebody else wrote.</summary>
internal sealed class AuditAlerts(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock) : IAlertSource
{
    /// <summary>How old a row without a seal may be. Seals come within seconds, and some minutes late where very much happened at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public IReadOnlyCollection<AlertKind> Kinds { get; } = [AlertKind.AuditNotSealed, AlertKind.AuditNotSigned];

    public async Task<IReadOnlyList<AlertCondition>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = new List<AlertCondition>();
        var oldest = Earlier(
            await db.AuditEvents.Where(a => a.Sequence == null).OrderBy(a => a.Id).Select(a => (DateTimeOffset?)a.At).FirstOrDefaultAsync(cancellationToken),
            await db.LicenseChanges.Where(c => c.Sequence == null).OrderBy(c => c.Id).Select(c => (DateTimeOffset?)c.At).FirstOrDefaultAsync(cancellationToken));
        var headless = await db.AuditChainHeads.CountAsync(cancellationToken) < Enum.GetValues<AuditChain>().Length;
        if (headless || oldest <= clock.GetUtcNow() - Patience)
        {
            found.Add(new AlertCondition(AlertKind.AuditNotSealed, 0) { Severity = AlertSeverity.Critical, Level = headless ? 2 : 1, About = headless ? null : oldest });
        }

        // The sealer goes on from such an end and signs the next one: only the row that it leaves in the trail tells of it afterwards.
        if (await LastAsync("audit.head-not-signed") is { } doubt && !(await LastAsync("ledger.verified") >= doubt))
        {
            found.Add(new AlertCondition(AlertKind.AuditNotSigned, 0) { Severity = AlertSeverity.Critical, About = doubt });
        }

        return found;

        Task<DateTimeOffset?> LastAsync(string action) =>
            db.AuditEvents.Where(a => a.Action == action).OrderByDescending(a => a.At).Select(a => (DateTimeOffset?)a.At).FirstOrDefaultAsync(cancellationToken);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;
}

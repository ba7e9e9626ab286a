using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Alerts;

/// <summary>What was told past the table.</summary>
/// <param name="AlertId">Public id of the alert, once it is written.</param>
/// <param name="Message">What was said.</param>
internal sealed record ToldAlert(Guid AlertId, AlertMessage Message);

/// <summary>
/// Tells of the one trouble that cannot be written down, a database without room, and remembers it until <see cref="AlertBook"/> can write it. A receiver that
/// does not take it is tried again at the next look.
/// </summary>
public sealed class UnwrittenAlert(
    IDbContextFactory<VppBooksDbContext> contexts, AlertChannels channels, AlertReceivers receivers, AlertRules rules, IAlertLanguages languages, IdSource ids, TimeProvider clock)
{
    internal static readonly AlertCondition Condition = new(AlertKind.StorageFull, 0) { Severity = AlertSeverity.Critical };

    private readonly HashSet<string> _told = [];

    internal ToldAlert? Told { get; private set; }

    /// <summary>Whether anybody was told.</summary>
    internal bool IsHeard => _told.Count > 0;

    /// <summary>Tells every receiver that was not told yet.</summary>
    /// <exception cref="System.Data.Common.DbException">The database cannot be read either.</exception>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (Told is null)
        {
            var known = await db.Alerts.AsNoTracking().SingleOrDefaultAsync(a => a.Key == Condition.Key, cancellationToken);
            if (known is { ClearedAt: null, ToldLevel: not null })
            {
                // There was room for it, and only for it: it went the usual way.
                return;
            }

            var facts = new AlertFacts(Condition.Kind, Condition.Severity, null, null, null, null, null, null);
            var alertId = known?.PublicId ?? ids.NewId();
            var standing = await rules.ReadAsync(db, cancellationToken);
            Told = new ToldAlert(alertId, AlertMessage.Of(new AlertInMessage(alertId, facts), ids.NewId(), AlertOccasion.Raised, clock.GetUtcNow(), languages.In(standing.Language), standing.ConsoleUrl));
        }

        var message = Told.Message;
        var told = await Task.WhenAll((await receivers.ListAsync(db, cancellationToken)).Where(r => !_told.Contains(r.Name))
            .Select(async r => (r.Name, Taken: await channels.TellAsync(r, message, cancellationToken))));
        _told.UnionWith(told.Where(t => t.Taken).Select(t => t.Name));
    }

    /// <summary>It is written now.</summary>
    internal void Forget()
    {
        Told = null;
        _told.Clear();
    }
}

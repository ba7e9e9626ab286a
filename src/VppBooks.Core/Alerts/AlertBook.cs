using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Alerts;

/// <summary>
/// Compares the troubles that exist with those that are known: new ones are raised, worse ones told again, ended ones cleared. Each is told once and again only
/// when it changes; what is told is written down in the same transaction as the change and its audit row.
/// </summary>
public sealed class AlertBook(
    IDbContextFactory<VppBooksDbContext> contexts, AlertConditions conditions, AlertReceivers receivers, AlertLetters letters, UnwrittenAlert unwritten, AlertPulse pulse, IdSource ids, ChangeFeed feed, TimeProvider clock, ILogger<AlertBook> logger)
{
    private const int Attempts = 3;

    /// <summary>Brings the alerts in step with what exists now. Those of kinds that could not be looked for stay as they are.</summary>
    /// <returns>How many messages were written.</returns>
    /// <exception cref="System.Data.Common.DbException">The settings or the known alerts cannot be read, or the transaction fails: nothing changed.</exception>
    /// <exception cref="DbUpdateException">The changes cannot be written, or others came first in each of several attempts: nothing changed.</exception>
    public async Task<int> RefreshAsync(CancellationToken cancellationToken)
    {
        var (troubles, unread) = await conditions.ListAsync(cancellationToken);
        var exist = troubles.DistinctBy(c => c.Key).ToDictionary(c => c.Key);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var messages = await ApplyAsync(exist, unread, cancellationToken);
                if (unread.Count == 0)
                {
                    pulse.Beat();
                }

                return messages;
            }
            catch (DbUpdateException) when (attempt < Attempts)
            {
                // Another server, or somebody who took notice, came first: compare with what is known now.
            }
        }
    }

    private async Task<int> ApplyAsync(Dictionary<string, AlertCondition> exist, IReadOnlySet<AlertKind> unread, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var keys = exist.Keys.ToArray();
        var known = await db.Alerts.Where(a => a.ClearedAt == null || EF.Parameter(keys).Contains(a.Key)).ToDictionaryAsync(a => a.Key, cancellationToken);
        if (unwritten.Told is { } unwrittenYet)
        {
            await CatchUpAsync(db, known, unwrittenYet, now, cancellationToken);
        }

        var changed = new List<(Alert Alert, AlertOccasion Occasion)>();
        var unheard = new List<Alert>();
        var present = new Dictionary<string, Alert>();
        foreach (var condition in exist.Values)
        {
            if (!known.TryGetValue(condition.Key, out var alert))
            {
                alert = new Alert { PublicId = ids.NewId(), Key = condition.Key, Kind = condition.Kind, LocationId = condition.LocationId, BookId = condition.BookId, ClearedAt = now };
                db.Alerts.Add(alert);
            }

            present[condition.Key] = alert;
            if (Update(alert, condition, now) is { } occasion)
            {
                changed.Add((alert, occasion));
            }
            else if (alert is { ToldLevel: null, AcknowledgedAt: null, SnoozedUntil: null })
            {
                unheard.Add(alert);
            }
        }

        var successors = new Dictionary<Alert, Alert>();
        foreach (var alert in known.Values.Where(a => a.ClearedAt is null && !exist.ContainsKey(a.Key) && !unread.Contains(a.Kind)))
        {
            alert.ClearedAt = now;
            changed.Add((alert, AlertOccasion.Cleared));
            if (AlertSuccession.FindSuccessor(alert, exist) is { } successor)
            {
                successors[alert] = present[successor];
            }
        }

        foreach (var (alert, occasion) in changed)
        {
            if (occasion is not AlertOccasion.Reminder)
            {
                db.Audit(Actor.System, now, "alert." + occasion.ToString().ToLowerInvariant(), new AuditSubject(alert.LocationId, alert.BookId), new { kind = alert.Kind.ToString(), level = alert.Level, count = alert.Count });
            }
        }

        if (unheard.Count > 0 && (await receivers.ListAsync(db, cancellationToken)).Count == 0)
        {
            unheard = [];
        }

        if (unheard.Count == 0 && !db.ChangeTracker.HasChanges())
        {
            return 0;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.SaveChangesAsync(cancellationToken);

        // What takes the place of another comes first: a receiver that counts open alerts at no moment believes that there is none.
        var news = unheard.Select(a => new AlertNews(a, AlertOccasion.Raised)).Concat(changed.Select(c => new AlertNews(c.Alert, c.Occasion, successors.GetValueOrDefault(c.Alert))));
        var messages = await letters.WriteAsync(db, news, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        unwritten.Forget();
        feed.Publish(new Change.OfAlerts());
        foreach (var (alert, occasion) in changed)
        {
            logger.AlertChanged(alert.Key, occasion, alert.Level);
        }

        return messages;
    }

    // Told while nothing could be written: the row becomes what it would be, and whether it is over is found like everything else.
    private async Task CatchUpAsync(VppBooksDbContext db, Dictionary<string, Alert> known, ToldAlert told, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var condition = UnwrittenAlert.Condition;
        var alert = known.GetValueOrDefault(condition.Key) ?? await db.Alerts.SingleOrDefaultAsync(a => a.Key == condition.Key, cancellationToken);
        if (alert is null)
        {
            alert = new Alert { PublicId = told.AlertId, Key = condition.Key, Kind = condition.Kind };
            db.Alerts.Add(alert);
        }

        (alert.Severity, alert.Level, alert.ToldLevel) = (condition.Severity, condition.Level, unwritten.IsHeard ? condition.Level : null);
        (alert.RaisedAt, alert.ClearedAt, alert.AcknowledgedAt, alert.AcknowledgedByName, alert.SnoozedUntil) = (told.Message.At, null, null, null, null);
        known[condition.Key] = alert;
        db.Audit(Actor.System, now, "alert.raised", default, new { kind = alert.Kind.ToString(), level = alert.Level, since = told.Message.At });
    }

    /// <summary>Writes what exists into the row and says what there is to tell; null: nothing new.</summary>
    private static AlertOccasion? Update(Alert alert, AlertCondition condition, DateTimeOffset now)
    {
        AlertOccasion? occasion = null;
        // What was put off until now is so no longer, whatever there is to tell: worse now would be a reminder a minute later.
        var back = alert.SnoozedUntil <= now;
        alert.SnoozedUntil = back ? null : alert.SnoozedUntil;
        if (alert.ClearedAt is not null)
        {
            (alert.RaisedAt, alert.ClearedAt, alert.ToldLevel, alert.AcknowledgedAt, alert.AcknowledgedByName, alert.SnoozedUntil) = (now, null, null, null, null, null);
            occasion = AlertOccasion.Raised;
        }
        else if (condition.Level > (alert.ToldLevel ?? 0) && condition.Level > alert.Level)
        {
            // Whoever took notice took notice of less.
            (alert.AcknowledgedAt, alert.AcknowledgedByName) = (null, null);
            occasion = AlertOccasion.Worse;
        }
        else if (back)
        {
            occasion = AlertOccasion.Reminder;
        }

        (alert.Severity, alert.Level, alert.Subject, alert.ErrorNumber) = (condition.Severity, condition.Level, Cut(condition.Subject), condition.ErrorNumber);
        (alert.Count, alert.About) = (condition.Count, condition.About);
        return occasion;
    }

    private static string? Cut(string? subject) =>
        subject is null || subject.Length <= Alert.SubjectLength ? subject
        : subject[..(Alert.SubjectLength - (char.IsHighSurrogate(subject[Alert.SubjectLength - 2]) ? 2 : 1))] + "…";
}

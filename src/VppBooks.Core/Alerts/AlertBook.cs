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
    IDbContextFactory<VppBooksDbContext> contexts, AlertConditions conditions, AlertReceivers receivers, AlertRules rules, IAlertWords words, UnwrittenAlert unwritten, IdSource ids, ChangeFeed feed, TimeProvider clock, ILogger<AlertBook> logger)
{
    private const int Attempts = 3;

    /// <summary>Brings the alerts in step with what exists now.</summary>
    /// <returns>How many messages were written.</returns>
    /// <exception cref="System.Data.Common.DbException">The database does not answer: nothing changed.</exception>
    public async Task<int> RefreshAsync(CancellationToken cancellationToken)
    {
        var exist = (await conditions.ListAsync(cancellationToken)).DistinctBy(c => c.Key).ToDictionary(c => c.Key);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ApplyAsync(exist, cancellationToken);
            }
            catch (DbUpdateException) when (attempt < Attempts)
            {
                // Another server, or somebody who took notice, came first: compare with what is known now.
            }
        }
    }

    private async Task<int> ApplyAsync(Dictionary<string, AlertCondition> exist, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var keys = exist.Keys.ToArray();
        var known = await db.Alerts.Where(a => a.ClearedAt == null || EF.Parameter(keys).Contains(a.Key)).ToDictionaryAsync(a => a.Key, cancellationToken);
        if (unwritten.Told is { } unwrittenYet)
        {
            await CatchUpAsync(db, known, unwrittenYet, now, cancellationToken);
        }

        var told = new List<(Alert Alert, AlertOccasion Occasion)>();
        foreach (var condition in exist.Values)
        {
            if (!known.TryGetValue(condition.Key, out var alert))
            {
                alert = new Alert { PublicId = ids.NewId(), Key = condition.Key, Kind = condition.Kind, LocationId = condition.LocationId, BookId = condition.BookId, ClearedAt = now };
                db.Alerts.Add(alert);
            }

            if (Update(alert, condition, now) is { } occasion)
            {
                told.Add((alert, occasion));
            }
        }

        foreach (var alert in known.Values.Where(a => a.ClearedAt is null && !exist.ContainsKey(a.Key)))
        {
            alert.ClearedAt = now;
            told.Add((alert, AlertOccasion.Cleared));
        }

        foreach (var (alert, occasion) in told)
        {
            if (occasion is not AlertOccasion.Reminder)
            {
                db.Audit(Actor.System, now, "alert." + occasion.ToString().ToLowerInvariant(), new AuditSubject(alert.LocationId, alert.BookId), new { kind = alert.Kind.ToString(), level = alert.Level, count = alert.Count });
            }
        }

        if (!db.ChangeTracker.HasChanges())
        {
            return 0;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        var messages = await TellAsync(db, told, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        unwritten.Forget();
        feed.Publish(new Change.OfAlerts());
        foreach (var (alert, occasion) in told)
        {
            logger.AlertChanged(alert.Key, occasion, alert.Level);
        }

        return messages;
    }

    // Told while nothing could be written: the row becomes what it would be, and whether it is over is found like everything else.
    private static async Task CatchUpAsync(VppBooksDbContext db, Dictionary<string, Alert> known, ToldAlert told, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var condition = UnwrittenAlert.Condition;
        var alert = known.GetValueOrDefault(condition.Key) ?? await db.Alerts.SingleOrDefaultAsync(a => a.Key == condition.Key, cancellationToken);
        if (alert is null)
        {
            alert = new Alert { PublicId = told.AlertId, Key = condition.Key, Kind = condition.Kind };
            db.Alerts.Add(alert);
        }

        (alert.Severity, alert.Level, alert.ToldLevel) = (condition.Severity, condition.Level, condition.Level);
        (alert.RaisedAt, alert.ClearedAt, alert.AcknowledgedAt, alert.AcknowledgedByName, alert.SnoozedUntil) = (told.Message.At, null, null, null, null);
        known[condition.Key] = alert;
        db.Audit(Actor.System, now, "alert.raised", default, new { kind = alert.Kind.ToString(), level = alert.Level, since = told.Message.At });
    }

    /// <summary>Writes what exists into the row and says what there is to tell; null: nothing new.</summary>
    private static AlertOccasion? Update(Alert alert, AlertCondition condition, DateTimeOffset now)
    {
        AlertOccasion? occasion = null;
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
        else if (alert.SnoozedUntil <= now)
        {
            alert.SnoozedUntil = null;
            occasion = AlertOccasion.Reminder;
        }

        (alert.Severity, alert.Level, alert.Subject, alert.ErrorNumber) = (condition.Severity, condition.Level, Cut(condition.Subject), condition.ErrorNumber);
        (alert.Count, alert.About) = (condition.Count, condition.About);
        return occasion;
    }

    private static string? Cut(string? subject) =>
        subject is null || subject.Length <= Alert.SubjectLength ? subject
        : subject[..(Alert.SubjectLength - (char.IsHighSurrogate(subject[Alert.SubjectLength - 2]) ? 2 : 1))] + "…";

    private async Task<int> TellAsync(VppBooksDbContext db, List<(Alert Alert, AlertOccasion Occasion)> told, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var messages = 0;
        var everybody = await receivers.ListAsync(db, cancellationToken);
        var console = (await rules.ReadAsync(db, cancellationToken)).ConsoleUrl;
        foreach (var (alert, occasion) in told)
        {
            var unheard = alert.ToldLevel is null && occasion == AlertOccasion.Cleared;
            if (alert.SnoozedUntil > now && occasion is not AlertOccasion.Cleared)
            {
                continue;
            }

            if (occasion != AlertOccasion.Cleared)
            {
                alert.ToldLevel = alert.Level;
            }

            if (unheard || everybody.Count == 0)
            {
                continue;
            }

            var facts = await FactsAsync(db, alert, cancellationToken);
            foreach (var receiver in everybody)
            {
                AddDelivery(db, receiver.Name, console, alert, facts, occasion, now);
                messages++;
            }
        }

        return messages;
    }

    private void AddDelivery(VppBooksDbContext db, string channel, string console, Alert alert, AlertFacts facts, AlertOccasion occasion, DateTimeOffset now)
    {
        var id = ids.NewId();
        var message = AlertMessage.Of(facts, alert.PublicId, id, occasion, now, words, console);
        db.AlertDeliveries.Add(new AlertDelivery
        {
            PublicId = id,
            AlertId = alert.Id,
            Occasion = occasion,
            Channel = channel,
            Body = message.ToJson(),
            CreatedAt = now,
            DueAt = now,
        });
    }

    internal static async Task<AlertFacts> FactsAsync(VppBooksDbContext db, Alert alert, CancellationToken cancellationToken) => new(
        alert.Kind,
        alert.Severity,
        alert.Subject,
        alert.Count,
        alert.ErrorNumber,
        alert.About,
        alert.LocationId is { } location ? await db.Locations.Where(l => l.Id == location).Select(l => (Guid?)l.PublicId).SingleOrDefaultAsync(cancellationToken) : null,
        alert.BookId is { } book ? await db.Books.Where(b => b.Id == book).Select(b => (Guid?)b.PublicId).SingleOrDefaultAsync(cancellationToken) : null);
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Alerts;

/// <summary>One alert on the screen.</summary>
/// <param name="PublicId">Its id.</param>
/// <param name="Facts">What words are made of.</param>
/// <param name="RaisedAt">Since when, this time.</param>
/// <param name="ClearedAt">When it ended; null: it has not.</param>
/// <param name="AcknowledgedAt">When somebody took notice.</param>
/// <param name="AcknowledgedByName">Who.</param>
/// <param name="SnoozedUntil">Until when it is put off; null: it is not.</param>
public sealed record AlertRow(
    Guid PublicId, AlertFacts Facts, DateTimeOffset RaisedAt, DateTimeOffset? ClearedAt, DateTimeOffset? AcknowledgedAt, string? AcknowledgedByName, DateTimeOffset? SnoozedUntil)
{
    /// <summary>Wants a person's notice: open, not taken notice of, not put off.</summary>
    public bool IsNews(DateTimeOffset now) => ClearedAt is null && AcknowledgedAt is null && !(SnoozedUntil > now);
}

/// <summary>How messages to one receiver go.</summary>
/// <param name="Channel">Name of the receiver.</param>
/// <param name="Label">The host or mail address by which people know it.</param>
/// <param name="DeliveredAt">When the last one was taken; null: none was.</param>
/// <param name="Waiting">Messages that were not taken yet.</param>
/// <param name="Failure">Why the last attempt failed; null: it did not.</param>
/// <param name="GivenUp">Messages that nobody will try again.</param>
/// <param name="LastFailure">The last attempt that failed, whether or not something was taken since; null: none did as far as messages are kept.</param>
public sealed record AlertChannelState(string Channel, string Label, DateTimeOffset? DeliveredAt, int Waiting, string? Failure, int GivenUp, AlertFailure? LastFailure);

/// <summary>An attempt to tell a receiver that failed.</summary>
/// <param name="At">When.</param>
/// <param name="Reason">A status or the kind of fault, without an address or a secret.</param>
public sealed record AlertFailure(DateTimeOffset At, string Reason);

/// <summary>What a person does with alerts in the console.</summary>
public sealed class AlertDesk(IDbContextFactory<VppBooksDbContext> contexts, AlertChannels channels, AlertReceivers receivers, IdSource ids, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>The longest time an alert can be put off.</summary>
    public static readonly TimeSpan LongestSnooze = TimeSpan.FromDays(30);

    private const int MostEnded = 50;

    /// <summary>Open alerts, the worst first, and then those that ended lately.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the console.</exception>
    public async Task<IReadOnlyList<AlertRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var open = await db.Alerts.AsNoTracking().Where(a => a.ClearedAt == null).OrderByDescending(a => a.Severity).ThenByDescending(a => a.RaisedAt).ThenBy(a => a.Id).ToListAsync(cancellationToken);
        var ended = await db.Alerts.AsNoTracking().Where(a => a.ClearedAt != null).OrderByDescending(a => a.ClearedAt).ThenBy(a => a.Id).Take(MostEnded).ToListAsync(cancellationToken);
        var subjects = await AlertSubjects.ReadAsync(db, [.. open, .. ended], cancellationToken);
        return [.. open.Concat(ended).Select(a => new AlertRow(a.PublicId, subjects.FactsOf(a), a.RaisedAt, a.ClearedAt, a.AcknowledgedAt, a.AcknowledgedByName, a.SnoozedUntil))];
    }

    /// <summary>How many alerts want a person's notice.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the console.</exception>
    public async Task<int> CountNewsAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Alerts.CountAsync(a => a.ClearedAt == null && a.AcknowledgedAt == null && (a.SnoozedUntil == null || a.SnoozedUntil <= now), cancellationToken);
    }

    /// <summary>Takes notice of an alert: it is told again only when it gets worse.</summary>
    /// <returns>False when there is no such open alert.</returns>
    /// <exception cref="NotAllowedException">The actor may not handle alerts.</exception>
    public Task<bool> AcknowledgeAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        publicId,
        actor,
        "alert.acknowledged",
        (alert, now) => (alert.AcknowledgedAt, alert.AcknowledgedByName, alert.SnoozedUntil) = (now, actor.DisplayName, null),
        cancellationToken);

    /// <summary>Puts an alert off: it is told again when that time is over, if it still exists then.</summary>
    /// <param name="publicId">The alert.</param>
    /// <param name="duration">How long; more than zero, at most <see cref="LongestSnooze"/>.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <returns>False when there is no such open alert.</returns>
    /// <exception cref="NotAllowedException">The actor may not handle alerts.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The duration is out of range.</exception>
    public Task<bool> SnoozeAsync(Guid publicId, TimeSpan duration, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.HandleAlerts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(duration, LongestSnooze);
        return ChangeAsync(publicId, actor, "alert.snoozed", (alert, now) => alert.SnoozedUntil = now + duration, cancellationToken);
    }

    /// <summary>Sends a test to every receiver.</summary>
    /// <param name="title">One line in the language of whoever tests.</param>
    /// <param name="remedy">What the receiver should know.</param>
    /// <param name="actor">Who acts.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <returns>How many messages were written; 0 when no receiver is configured.</returns>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    public async Task<int> TestAsync(string title, string remedy, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageSettings);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var everybody = await receivers.ListAsync(db, cancellationToken);
        foreach (var receiver in everybody)
        {
            var id = ids.NewId();
            var message = new AlertMessage { Id = id, At = now, Occasion = AlertOccasion.Test, Title = title, Remedy = remedy };
            db.AlertDeliveries.Add(new AlertDelivery { PublicId = id, Occasion = AlertOccasion.Test, Channel = receiver.Name, Body = message.ToJson(), CreatedAt = now, DueAt = now });
        }

        db.Audit(actor, now, "alert.tested", default, new { receivers = everybody.Count });
        await db.SaveChangesAsync(cancellationToken);
        channels.Wake();
        return everybody.Count;
    }

    /// <summary>How messages to each receiver go.</summary>
    /// <exception cref="NotAllowedException">The actor may not read the console.</exception>
    public async Task<IReadOnlyList<AlertChannelState>> ListChannelsAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var states = new List<AlertChannelState>();
        foreach (var receiver in await receivers.ListAsync(db, cancellationToken))
        {
            var channel = receiver.Name;
            var all = db.AlertDeliveries.Where(d => d.Channel == channel);
            // By time, not by message: an older one can be tried again after a newer one was taken.
            var taken = await all.Where(d => d.DeliveredAt != null).OrderByDescending(d => d.DeliveredAt).Select(d => d.DeliveredAt).FirstOrDefaultAsync(cancellationToken);
            var failed = await all.Where(d => d.FailedAt != null).OrderByDescending(d => d.FailedAt).ThenByDescending(d => d.Id)
                .Select(d => new AlertFailure(d.FailedAt!.Value, d.Failure!)).FirstOrDefaultAsync(cancellationToken);
            states.Add(new AlertChannelState(
                channel,
                receiver.Label,
                taken,
                await all.CountAsync(d => d.DeliveredAt == null && d.DueAt != null, cancellationToken),
                failed is not null && !(taken >= failed.At) ? failed.Reason : null,
                await all.CountAsync(d => d.DeliveredAt == null && d.DueAt == null, cancellationToken),
                failed));
        }

        return states;
    }

    private async Task<bool> ChangeAsync(Guid publicId, Actor actor, string action, Action<Alert, DateTimeOffset> change, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.HandleAlerts);
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            if (await db.Alerts.SingleOrDefaultAsync(a => a.PublicId == publicId && a.ClearedAt == null, cancellationToken) is not { } alert)
            {
                return false;
            }

            var now = clock.GetUtcNow();
            change(alert, now);
            db.Audit(actor, now, action, new AuditSubject(alert.LocationId, alert.BookId), new { kind = alert.Kind.ToString(), until = alert.SnoozedUntil });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                feed.Publish(new Change.OfAlerts());
                return true;
            }
            catch (DbUpdateConcurrencyException) when (attempt < 3)
            {
                // The watch has looked at it at this very moment.
            }
        }
    }
}

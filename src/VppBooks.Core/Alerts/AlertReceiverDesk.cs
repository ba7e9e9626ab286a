using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Alerts;

/// <summary>A webhook on the screen; its address and secret are shown to nobody.</summary>
/// <param name="Name">To name it by.</param>
/// <param name="Host">Where messages go.</param>
/// <param name="Version">To hand in with a change; null: it comes from configuration, and is changed there.</param>
/// <param name="ChangedAt">When it was set in the console.</param>
/// <param name="ChangedByName">Who did.</param>
public sealed record AlertWebhookRow(string Name, string Host, int? Version, DateTimeOffset? ChangedAt, string? ChangedByName);

/// <summary>What became of a change of a webhook.</summary>
public enum WebhookAnswer
{
    /// <summary>It is stored, and holds from the next message on.</summary>
    Done = 0,

    /// <summary>The address is no absolute https address, or one of this machine or a private network where those may not be added.</summary>
    BadAddress,

    /// <summary>The secret is shorter than <see cref="AlertWebhook.ShortestSecret"/> characters.</summary>
    ShortSecret,

    /// <summary>There are as many as there may be.</summary>
    TooMany,

    /// <summary>Somebody else changed or removed it meanwhile; nothing is stored.</summary>
    Conflict,
}

/// <summary>Adds and removes receivers of signed requests in the console. Address and secret are sealed; the audit trail names the host alone.</summary>
public sealed class AlertReceiverDesk(IDbContextFactory<VppBooksDbContext> contexts, AlertReceivers receivers, AlertRules rules, IdSource ids, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>How many the console may add.</summary>
    public const int Most = 10;

    /// <summary>All webhooks: those of configuration first.</summary>
    /// <exception cref="NotAllowedException">The actor may not read settings.</exception>
    public async Task<IReadOnlyList<AlertWebhookRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadSettings);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var options = await rules.ReadAsync(db, cancellationToken);
        var added = await Added(db).AsNoTracking().OrderBy(s => s.Id).ToListAsync(cancellationToken);
        return
        [
            .. options.Webhooks.Select((w, i) => new AlertWebhookRow($"webhook:{i}", AlertReceivers.LabelOf(w.Url), null, null, null)),
            .. added.Select(s => new AlertWebhookRow(AlertReceivers.NameOf(s), s.Value!, s.Version, s.ChangedAt, s.ChangedByName)),
        ];
    }

    /// <summary>Adds a webhook.</summary>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    public async Task<WebhookAnswer> AddAsync(string url, string secret, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageSettings);
        if (url.Length > Setting.MaxLength || !WebAddressSetting.IsAllowed(url) || !rules.MayAdd(new Uri(url)))
        {
            return WebhookAnswer.BadAddress;
        }

        if (secret.Length < AlertWebhook.ShortestSecret)
        {
            return WebhookAnswer.ShortSecret;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await Added(db).CountAsync(cancellationToken) >= Most)
        {
            return WebhookAnswer.TooMany;
        }

        var key = AlertReceivers.KeyPrefix + ids.NewId().ToString("N")[..12];
        var host = AlertReceivers.LabelOf(url);
        var row = new StoredSetting { Key = key, Value = host, Secret = receivers.Seal(key, new AlertWebhook(url, secret)), ChangedAt = clock.GetUtcNow(), ChangedById = actor.Id, ChangedByName = actor.DisplayName };
        db.StoredSettings.Add(row);
        db.Audit(actor, row.ChangedAt, "webhook.added", default, new { receiver = AlertReceivers.NameOf(row), host });
        await db.SaveChangesAsync(cancellationToken);
        feed.Publish(new Change.OfSettings());
        return WebhookAnswer.Done;
    }

    /// <summary>Gives a webhook another secret.</summary>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    /// <exception cref="CryptographicException">The key ring lost the key of the address: remove the webhook and add it again.</exception>
    public Task<WebhookAnswer> ChangeSecretAsync(string name, int version, string secret, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        name,
        version,
        actor,
        (db, row, now) =>
        {
            if (secret.Length < AlertWebhook.ShortestSecret)
            {
                return WebhookAnswer.ShortSecret;
            }

            row.Secret = receivers.Seal(row.Key, receivers.Unseal(row) with { Secret = secret });
            db.Audit(actor, now, "webhook.secret-changed", default, new { receiver = name, host = row.Value });
            return WebhookAnswer.Done;
        },
        cancellationToken);

    /// <summary>Removes a webhook. What waits for it is given up.</summary>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    public Task<WebhookAnswer> RemoveAsync(string name, int version, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        name,
        version,
        actor,
        (db, row, now) =>
        {
            db.Audit(actor, now, "webhook.removed", default, new { receiver = name, host = row.Value });
            (row.Value, row.Secret) = (null, null);
            return WebhookAnswer.Done;
        },
        cancellationToken);

    private async Task<WebhookAnswer> ChangeAsync(
        string name, int version, Actor actor, Func<VppBooksDbContext, StoredSetting, DateTimeOffset, WebhookAnswer> change, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageSettings);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var key = AlertReceivers.KeyOf(name);
        if (await Added(db).SingleOrDefaultAsync(s => s.Key == key, cancellationToken) is not { } row || row.Version != version)
        {
            return WebhookAnswer.Conflict;
        }

        var now = clock.GetUtcNow();
        if (change(db, row, now) is var answer && answer != WebhookAnswer.Done)
        {
            return answer;
        }

        (row.ChangedAt, row.ChangedById, row.ChangedByName) = (now, actor.Id, actor.DisplayName);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return WebhookAnswer.Conflict;
        }

        feed.Publish(new Change.OfSettings());
        return WebhookAnswer.Done;
    }

    private static IQueryable<StoredSetting> Added(VppBooksDbContext db) => db.StoredSettings.Where(s => s.Key.StartsWith(AlertReceivers.KeyPrefix) && s.Value != null);
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Settings;

/// <summary>What people do with settings in the console. All changes of one call are stored together with their audit rows, or none is.</summary>
public sealed class SettingsDesk(IDbContextFactory<VppBooksDbContext> contexts, IEnumerable<SettingGroup> groups, ChangeFeed feed, TimeProvider clock)
{
    /// <summary>The settings of one group, in the order of the screen.</summary>
    /// <exception cref="NotAllowedException">The actor may not read settings.</exception>
    public async Task<IReadOnlyList<SettingRow>> ListAsync(string group, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ReadSettings);
        var asked = groups.Single(g => g.Name == group);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var stored = await db.StoredSettings.AsNoTracking().ToDictionaryAsync(s => s.Key, cancellationToken);
        return
        [
            .. asked.Settings.Select(s => stored.TryGetValue(s.Key, out var row)
                ? new SettingRow(s, asked.Configured(s.Key), row.Value, row.Version, row.ChangedAt, row.ChangedByName)
                {
                    Overruled = row.Value is { } value && s.Fault(value) is null && asked.Objection(s.Key, value) is not null,
                }
                : new SettingRow(s, asked.Configured(s.Key), null, 0, null, null)),
        ];
    }

    /// <summary>Changes settings, each only if it still is what the actor saw.</summary>
    /// <exception cref="NotAllowedException">The actor may not change settings.</exception>
    /// <exception cref="KeyNotFoundException">There is no such setting.</exception>
    public async Task<ChangeSettingsResult> ChangeAsync(IReadOnlyList<SettingChange> changes, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageSettings);
        var known = groups.SelectMany(g => g.Settings.Select(s => (Setting: s, Group: g))).ToDictionary(s => s.Setting.Key, StringComparer.Ordinal);
        var faults = changes.Where(c => c.Value is not null).Select(c => (known[c.Key].Setting.Fault(c.Value!) ?? known[c.Key].Group.Objection(c.Key, c.Value!)) is { } sentence ? new SettingFault(c.Key, sentence) : null).OfType<SettingFault>().ToList();
        if (faults.Count > 0)
        {
            return new ChangeSettingsResult.Invalid(faults);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await ReadAsync(db, changes, cancellationToken);
        if (Conflicts(changes, rows) is { Count: > 0 } conflicts)
        {
            return new ChangeSettingsResult.Conflict(conflicts);
        }

        var now = clock.GetUtcNow();
        var changed = 0;
        foreach (var change in changes)
        {
            var (setting, group) = known[change.Key];
            var row = rows.GetValueOrDefault(change.Key);
            var value = change.Value is null ? null : setting.Normalize(change.Value);
            if (value == row?.Value)
            {
                continue;
            }

            var configured = group.Configured(change.Key);
            db.Audit(
                actor, now, value is null ? "setting.reset" : "setting.changed", default, new { setting = change.Key, before = row?.Value ?? configured, after = value ?? configured });
            row ??= db.StoredSettings.Add(new StoredSetting { Key = change.Key, ChangedById = actor.Id, ChangedByName = actor.DisplayName }).Entity;
            (row.Value, row.ChangedAt, row.ChangedById, row.ChangedByName) = (value, now, actor.Id, actor.DisplayName);
            changed++;
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // Somebody came in between, or the database failed: looking again tells them apart.
            await using var again = await contexts.CreateDbContextAsync(cancellationToken);
            if (Conflicts(changes, await ReadAsync(again, changes, cancellationToken)) is { Count: > 0 } late)
            {
                return new ChangeSettingsResult.Conflict(late);
            }

            throw;
        }

        if (changed > 0)
        {
            feed.Publish(new Change.OfSettings());
        }

        return new ChangeSettingsResult.Saved(changed);
    }

    private static async Task<Dictionary<string, StoredSetting>> ReadAsync(VppBooksDbContext db, IReadOnlyList<SettingChange> changes, CancellationToken cancellationToken)
    {
        var keys = changes.Select(c => c.Key).ToArray();
        return await db.StoredSettings.Where(s => keys.Contains(s.Key)).ToDictionaryAsync(s => s.Key, cancellationToken);
    }

    private static List<string> Conflicts(IReadOnlyList<SettingChange> changes, Dictionary<string, StoredSetting> rows) =>
        [.. changes.Where(c => (rows.GetValueOrDefault(c.Key)?.Version ?? 0) != c.Version).Select(c => c.Key)];
}

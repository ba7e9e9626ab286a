using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Settings;

/// <summary>Settings that are shown and changed together.</summary>
public abstract class SettingGroup
{
    /// <summary>Name, such as <c>guards</c>.</summary>
    public abstract string Name { get; }

    /// <summary>In the order of the screen.</summary>
    public abstract IReadOnlyList<Setting> Settings { get; }

    /// <summary>What configuration says, or the default where it says nothing.</summary>
    /// <exception cref="KeyNotFoundException">No setting of this group.</exception>
    public abstract string Configured(string key);

    /// <summary>
    /// Why the console may not say something other than configuration, in a sentence; null when it may. A value that was stored before configuration said so does not hold.
    /// </summary>
    /// <param name="key">A setting of this group.</param>
    /// <param name="value">A value that the setting itself allows.</param>
    public virtual string? Objection(string key, string value) => null;
}

/// <summary>
/// Settings as they stand: what configuration says, and over it what administrators have set in the console. They are read at each use, so that a change holds at once for every
/// process on the database.
/// </summary>
/// <typeparam name="TOptions">What the settings fill; one that is handed out belongs to whoever asked.</typeparam>
public abstract class SettingGroup<TOptions> : SettingGroup
    where TOptions : notnull
{
    private readonly IDbContextFactory<VppBooksDbContext> _contexts;
    private readonly Dictionary<string, Place> _places;

    /// <param name="configured">What configuration says.</param>
    /// <param name="contexts">The database.</param>
    /// <param name="places">Where each setting stands, in the order of the screen.</param>
    protected SettingGroup(TOptions configured, IDbContextFactory<VppBooksDbContext> contexts, params IReadOnlyList<Place> places)
    {
        ConfiguredOptions = configured;
        _contexts = contexts;
        _places = places.ToDictionary(p => p.Setting.Key, StringComparer.Ordinal);
        Settings = [.. places.Select(p => p.Setting)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Setting> Settings { get; }

    /// <inheritdoc/>
    public override string Configured(string key) => _places[key].Get(ConfiguredOptions);

    /// <summary>What configuration says.</summary>
    protected TOptions ConfiguredOptions { get; }

    /// <summary>The settings as they stand now.</summary>
    /// <exception cref="InvalidOperationException">A stored value cannot be used, and nothing is taken in its place.</exception>
    public async Task<TOptions> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        return await ReadAsync(db, cancellationToken);
    }

    /// <summary>The settings as a transaction sees them.</summary>
    /// <exception cref="InvalidOperationException">A stored value cannot be used, and nothing is taken in its place.</exception>
    public async Task<TOptions> ReadAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        var options = Copy(ConfiguredOptions);
        foreach (var stored in await db.StoredSettings.AsNoTracking().Where(s => s.Value != null).Select(s => new { s.Key, s.Value }).ToListAsync(cancellationToken))
        {
            if (!_places.TryGetValue(stored.Key, out var place))
            {
                continue;
            }

            // Read in any case: what cannot be used is told, and not passed over.
            try
            {
                place.Set(options, stored.Value!);
            }
            catch (InvalidOperationException) when (ReplacesUnusable(stored.Key, stored.Value!))
            {
                continue;
            }

            if (Objection(stored.Key, stored.Value!) is not null)
            {
                place.Set(options, place.Get(ConfiguredOptions));
            }
        }

        return options;
    }

    /// <summary>
    /// Whether what configuration says is taken in the place of a stored value that cannot be used; whoever says so tells of it. Otherwise nothing is guessed: reading throws.
    /// </summary>
    protected virtual bool ReplacesUnusable(string key, string value) => false;

    /// <summary>A copy that can be changed without the other.</summary>
    protected abstract TOptions Copy(TOptions options);

    /// <summary>Says where a setting stands.</summary>
    protected static Place At<TValue>(Setting<TValue> setting, Func<TOptions, TValue> get, Action<TOptions, TValue> set) =>
        new(setting, options => setting.Write(get(options)), (options, text) => set(options, setting.Read(text)));

    /// <summary>Where a setting stands in the options.</summary>
    protected sealed record Place(Setting Setting, Func<TOptions, string> Get, Action<TOptions, string> Set);
}

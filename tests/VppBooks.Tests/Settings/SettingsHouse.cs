using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using VppBooks.Core;
using VppBooks.Core.Licenses;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Tests.Locations;
using VppBooks.Web.Settings;
using DatabaseProvider = VppBooks.Core.Persistence.DatabaseProvider;

namespace VppBooks.Tests.Settings;

/// <summary>Two processes on one database, which configuration has given an undo window and an approval threshold.</summary>
public sealed class SettingsHouse : IAsyncLifetime
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vppbooks-settings-{Guid.NewGuid():N}.db");
    private ServiceProvider? _one;
    private ServiceProvider? _other;

    internal static Actor Second { get; } = new(ActorKind.Person, "3b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7715", "B. Second", Actor.ForRoles([AppRoles.Administrator]));

    public IServiceProvider One => _one!;

    public IServiceProvider Other => _other!;

    internal SettingsDesk Desk => One.GetRequiredService<SettingsDesk>();

    internal IDbContextFactory<VppBooksDbContext> Contexts => One.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();

    /// <summary>What a process registers, as the program does.</summary>
    public void Register(IServiceCollection services)
    {
        services.AddLogging();
        services.AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={_file};Pooling=False");
        services.AddVppBooksCore();
        services.Replace(ServiceDescriptor.Singleton(new LicenseOptions { UndoWindow = TimeSpan.FromMinutes(10), ApprovalThreshold = 200 }));
        services.AddSingleton<IKeyWrapper>(new LosableKeys());
        services.AddSingleton(new NotificationOptions());
        services.AddSingleton(Options.Create(new SyncSettings { TimeZone = "Europe/Amsterdam" }));
        services.AddSingleton<SyncSchedule>();
        services.AddSingleton<SettingGroup>(provider => provider.GetRequiredService<SyncSchedule>());
    }

    public async ValueTask InitializeAsync()
    {
        (_one, _other) = (Process(), Process());
        await using var db = await Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        await db.Database.MigrateAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _one!.DisposeAsync();
        await _other!.DisposeAsync();
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(_file + suffix);
        }
    }

    internal async Task<SettingRow> RowAsync(Setting setting, string group) =>
        (await Desk.ListAsync(group, CoreHouse.Admin, CancellationToken.None)).Single(r => r.Setting.Key == setting.Key);

    internal Task<SettingRow> GuardAsync(Setting setting) => RowAsync(setting, LicenseGuards.GroupName);

    /// <summary>Sets a guard to what somebody wants it to be, whatever it is.</summary>
    internal async Task<ChangeSettingsResult> SetAsync(Setting setting, string? value) =>
        await Desk.ChangeAsync([new SettingChange(setting.Key, value, (await GuardAsync(setting)).Version)], CoreHouse.Admin, CancellationToken.None);

    internal async Task<List<(string Action, string? Details)>> AuditAsync(string key) =>
        [.. (await AuditAllAsync()).Where(a => a.Details!.Contains($"\"{key}\"", StringComparison.Ordinal))];

    /// <summary>What was recorded, the oldest first.</summary>
    internal async Task<List<(string Action, string? Details)>> AuditAllAsync()
    {
        await using var db = await Contexts.CreateDbContextAsync();
        return [.. (await db.AuditEvents.OrderBy(a => a.Id).ToListAsync()).Select(a => (a.Action, a.Details))];
    }

    private ServiceProvider Process()
    {
        var services = new ServiceCollection();
        Register(services);
        return services.BuildServiceProvider();
    }
}

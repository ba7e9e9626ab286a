using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using VppBooks.Core;

namespace VppBooks.Web.Hosting;

/// <summary>Follows the steps of an upgrade, which Entity Framework tells nobody else.</summary>
internal sealed class UpgradeWatch : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly ILogger _logger;
    private readonly List<IDisposable> _subscriptions = [];

    private UpgradeWatch(ILogger logger) => _logger = logger;

    public static UpgradeWatch Begin(ILogger logger)
    {
        var watch = new UpgradeWatch(logger);
        watch._subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(watch));
        return watch;
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
        {
            _subscriptions.Add(value.Subscribe(this, name => name == RelationalEventId.MigrationApplying.Name));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is MigrationEventData { Migration: var migration })
        {
            _logger.UpgradeStep(migration.GetType().Name);
            CrashPoint.Hit("migrate.mid");
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }
}

internal static partial class UpgradeLog      // ids 1100-1119
{
    [LoggerMessage(1100, LogLevel.Information, "Another process upgrades the database; waiting for {LockFile}")]
    public static partial void UpgradeWaits(this ILogger logger, string lockFile);

    [LoggerMessage(1101, LogLevel.Information, "The database is upgraded: {Step}")]
    public static partial void UpgradeStep(this ILogger logger, string step);

    [LoggerMessage(1102, LogLevel.Information, "The database was copied to {Backup} before its upgrade")]
    public static partial void BackedUp(this ILogger logger, string backup);

    [LoggerMessage(1103, LogLevel.Warning, "An earlier upgrade was cut short and is finished now; the copy from before it is {Backup}")]
    public static partial void UpgradeContinues(this ILogger logger, string backup);

    [LoggerMessage(1104, LogLevel.Warning, "An earlier upgrade died while it held Entity Framework's lock; the lock was removed")]
    public static partial void UpgradeUnlocked(this ILogger logger);

    [LoggerMessage(1105, LogLevel.Error, "The database could not be upgraded")]
    public static partial void UpgradeFailed(this ILogger logger, Exception failure);
}

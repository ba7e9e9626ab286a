using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Web.Hosting;

/// <summary>
/// Guards the upgrade of a SQLite file: one process at a time, and never without a copy of the file from before. The operating system gives the lock back
/// when its holder dies, so nothing a killed upgrade leaves behind can make the next start wait for ever.
/// </summary>
internal sealed class SqliteUpgrade : IDisposable
{
    private const int Backups = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _file;
    private readonly FileStream _lock;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    private SqliteUpgrade(string file, FileStream held, TimeProvider clock, ILogger logger)
    {
        _file = file;
        _lock = held;
        _clock = clock;
        _logger = logger;
        Backup = ReadNote();
    }

    /// <summary>The copy from before an upgrade that is not finished; null when there is none.</summary>
    public string? Backup { get; private set; }

    private static string LockOf(string file) => file + ".upgrade";

    /// <summary>Waits until no other process upgrades the file; null for a database that is no file of this machine.</summary>
    /// <exception cref="DatabaseUpgradeException">Another process has been upgrading for too long.</exception>
    public static async Task<SqliteUpgrade?> TryBeginAsync(VppBooksDbContext db, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        if (!db.Database.IsSqlite() || FileOf(db.Database.GetConnectionString()) is not { } file)
        {
            return null;
        }

        if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var began = clock.GetTimestamp();
        for (var told = false; ; told = true)
        {
            try
            {
                return new SqliteUpgrade(file, new FileStream(LockOf(file), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), clock, logger);
            }
            catch (IOException) when (clock.GetElapsedTime(began) < Patience)
            {
                if (!told)
                {
                    logger.UpgradeWaits(LockOf(file));
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DatabaseUpgradeException(
                    $"The lock file {LockOf(file)} cannot be taken: another process of VppBooks has held it for more than {Patience.TotalMinutes:0} minutes, or the folder may not be written to. "
                    + "End that process, or correct the rights, and start again.",
                    e);
            }
        }
    }

    /// <summary>Copies the file beside itself, unless an upgrade that was cut short has done so, and takes away what that upgrade left.</summary>
    /// <returns>The copy; null for a database that has nothing to lose.</returns>
    /// <exception cref="DatabaseUpgradeException">The copy could not be made; nothing was changed.</exception>
    public async Task<string?> PrepareAsync(VppBooksDbContext db, bool isNew, CancellationToken cancellationToken)
    {
        await UnlockAsync(db, cancellationToken);
        if (Backup is not null)
        {
            _logger.UpgradeContinues(Backup);
            return Backup;
        }

        if (isNew)
        {
            return null;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{_file}.{_clock.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss'Z'}.backup");
        var partial = name + ".partial";
        try
        {
            foreach (var left in Directory.GetFiles(FolderOf(_file), Path.GetFileName(_file) + ".*.backup.partial"))
            {
                File.Delete(left);
            }

            await db.Database.ExecuteSqlAsync($"VACUUM INTO {partial}", cancellationToken);
            File.Move(partial, name, overwrite: true);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new DatabaseUpgradeException($"No copy of the database could be made before its upgrade: {e.Message}. Nothing was changed. Make room beside {_file} and start again.", e);
        }

        Note(name);
        foreach (var old in Directory.GetFiles(FolderOf(_file), Path.GetFileName(_file) + ".*.backup").Order(StringComparer.Ordinal).SkipLast(Backups))
        {
            File.Delete(old);
        }

        _logger.BackedUp(name);
        return Backup = name;
    }

    /// <summary>Nothing is owed any more. A copy that was put back has lost its write-ahead logging, without which readers wait for writers.</summary>
    public async Task FinishAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync($"PRAGMA journal_mode = 'wal'", cancellationToken);
        Note("");
        Backup = null;
    }

    // The file stays: removing it while another process opens it would let two hold "the" lock.
    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Entity Framework marks an upgrade by a row and waits for it without end. We hold the machine's own lock, so whoever wrote the row is dead.
    /// </summary>
    private async Task UnlockAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        // Asking would make an empty file, and Entity Framework sets only a file that it makes itself to write-ahead logging.
        if (File.Exists(_file)
            && await db.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock'").SingleAsync(cancellationToken) == 1
            && await db.Database.ExecuteSqlAsync($"DELETE FROM \"__EFMigrationsLock\"", cancellationToken) > 0)
        {
            _logger.UpgradeUnlocked();
        }
    }

    private string? ReadNote()
    {
        var bytes = new byte[_lock.Length];
        _lock.Position = 0;
        _lock.ReadExactly(bytes);
        var name = Encoding.UTF8.GetString(bytes);
        return name.Length > 0 && File.Exists(name) ? name : null;
    }

    private void Note(string backup)
    {
        if (backup.Length == 0 && _lock.Length == 0)
        {
            return;
        }

        _lock.SetLength(0);
        _lock.Position = 0;
        _lock.Write(Encoding.UTF8.GetBytes(backup));
        _lock.Flush(flushToDisk: true);
    }

    private static string? FileOf(string? connectionString)
    {
        var sqlite = new SqliteConnectionStringBuilder(connectionString);
        return sqlite.Mode == SqliteOpenMode.Memory || sqlite.DataSource is "" or ":memory:" || sqlite.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            ? null
            : Path.GetFullPath(sqlite.DataSource);
    }

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!;
}

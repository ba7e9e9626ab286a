using System.Data.Common;
using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace VppBooks.Core.Persistence;

/// <summary>
/// Notices writes that failed because the database has no room left, and finds out when it has room again. Nothing can be sent to Apple meanwhile, because
/// no intention can be committed; this makes it visible. One instance per process.
/// </summary>
public sealed class StorageMonitor
{
    private const int SqliteFull = 13;
    private const int ProbeRows = 500;

    // No run has it: what the probe writes is never read.
    private const int ProbeRun = int.MinValue;

    private int _full;

    /// <summary>A write failed for lack of room, and none was proven possible since.</summary>
    public bool IsFull => Volatile.Read(ref _full) != 0;

    /// <summary>Whether there is room. Writes only after a write has failed: then some hundred rows, taken back in the same transaction.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<bool> HasRoomAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        if (!IsFull)
        {
            return true;
        }

        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            db.StagedBooks.AddRange(Enumerable.Range(0, ProbeRows).Select(i => new StagedBook { RunId = ProbeRun, Key = i, PublicId = Guid.Empty }));
            await db.SaveChangesAsync(cancellationToken);
            await db.StagedBooks.Where(b => b.RunId == ProbeRun).ExecuteDeleteAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception e) when (MeansFull(e))
        {
            return false;
        }

        Volatile.Write(ref _full, 0);
        return true;
    }

    internal void Note(Exception failure)
    {
        if (MeansFull(failure))
        {
            Volatile.Write(ref _full, 1);
        }
    }

    // SQL Server: 1105 is a full filegroup, 9002 a full log, 1101 no new page.
    private static bool MeansFull(Exception? failure) => failure switch
    {
        null => false,
        SqliteException { SqliteErrorCode: SqliteFull } => true,
        SqlException { Number: 1101 or 1105 or 9002 } => true,
        _ => MeansFull(failure.InnerException),
    };

    /// <summary>Looks at failed statements.</summary>
    internal sealed class Statements(StorageMonitor monitor) : DbCommandInterceptor
    {
        public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => monitor.Note(eventData.Exception);

        public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            monitor.Note(eventData.Exception);
            return Task.CompletedTask;
        }
    }

    /// <summary>Looks at failed commits.</summary>
    internal sealed class Commits(StorageMonitor monitor) : DbTransactionInterceptor
    {
        public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => monitor.Note(eventData.Exception);

        public override Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            monitor.Note(eventData.Exception);
            return Task.CompletedTask;
        }
    }
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace VppBooks.Core.Persistence.Sqlite;

/// <summary>
/// Lets SQLite itself wait for another writer, in steps that begin with one millisecond. The provider alone looks again every 150 ms, which would be in every
/// acknowledgment that meets a writing worker. It still takes over when SQLite has given up, so the command's time-out stays what it is.
/// </summary>
internal sealed class SqliteBusyWait : DbConnectionInterceptor
{
    private const string Wait = "PRAGMA busy_timeout = 5000";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Wait;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Wait;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

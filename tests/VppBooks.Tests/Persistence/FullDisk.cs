using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Tests.Persistence;

/// <summary>Lets the database's file not grow.</summary>
internal sealed class FullDisk : DbConnectionInterceptor
{
    public bool Full { get; set; }

    public static bool IsMeantBy(Exception? failure) => failure is not null && (failure is SqliteException { SqliteErrorCode: 13 } || IsMeantBy(failure.InnerException));

    /// <summary>Fills it until not one more row of what every change writes has room.</summary>
    public async Task FillAsync(IServiceProvider process)
    {
        var contexts = process.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        await using (var db = await contexts.CreateDbContextAsync())
        {
            await db.Database.ExecuteSqlAsync($"VACUUM");
        }

        Full = true;
        foreach (var rows in (int[])[50, 1])
        {
            var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    await using var db = await contexts.CreateDbContextAsync();
                    for (var row = 0; row < rows; row++)
                    {
                        db.Audit(Actor.System, DateTimeOffset.UnixEpoch, "test", new AuditSubject());
                    }

                    await db.SaveChangesAsync();
                }
            });
            Assert.True(IsMeantBy(failure));
        }
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (Full)
        {
            // No fewer than there are: the file stays as large as it is.
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA max_page_count = 1";
            await command.ExecuteScalarAsync(cancellationToken);
        }
    }
}

using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Persistence;

/// <summary>An empty SQLite database with every migration applied: made once, copied for each test that is about something else.</summary>
internal static class MigratedFile
{
    private static readonly Lazy<byte[]> _empty = new(Make);

    public static Task CopyToAsync(string file) => File.WriteAllBytesAsync(file, _empty.Value, TestContext.Current.CancellationToken);

    private static byte[] Make()
    {
        var file = Path.Combine(Path.GetTempPath(), $"vppbooks-empty-{Guid.NewGuid():N}.db");
        try
        {
            using (var services = new ServiceCollection().AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={file};Pooling=False").BuildServiceProvider())
            using (var db = services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContext())
            {
                db.Database.Migrate();
            }

            using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
                command.ExecuteNonQuery();
            }

            return File.ReadAllBytes(file);
        }
        finally
        {
            foreach (var suffix in new[] { "", "-wal", "-shm" })
            {
                File.Delete(file + suffix);
            }
        }
    }
}

using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Model;

/// <summary>The database file of one model, copied from one that is migrated once, and what an observer reads in it.</summary>
internal sealed class ModelFiles : IDisposable
{
    // Checks that only a look at every single row can make: each writes down what it finds.
    private const string Checks = """
        CREATE TABLE "ModelFindings" ("Text" TEXT NOT NULL);
        CREATE TRIGGER "Model_Operation" AFTER INSERT ON "Operations"
        WHEN NEW."FenceToken" <> (SELECT x."FenceToken" FROM "LocationLeases" AS x WHERE x."LocationId" = NEW."LocationId")
        BEGIN
            INSERT INTO "ModelFindings" VALUES ('I4: operation ' || NEW."Id" || ' was intended with fence token ' || NEW."FenceToken" || ' of a former owner');
        END;
        CREATE TRIGGER "Model_License_Insert" AFTER INSERT ON "Licenses" WHEN NEW."State" IN (1, 8) AND {over}
        BEGIN
            INSERT INTO "ModelFindings" VALUES ('I3: more set aside of book ' || NEW."BookId" || ' than was available');
        END;
        CREATE TRIGGER "Model_License_Update" AFTER UPDATE OF "State" ON "Licenses"
        WHEN NEW."State" IN (1, 8) AND OLD."State" NOT IN (1, 2, 3, 7, 8) AND {over}
        BEGIN
            INSERT INTO "ModelFindings" VALUES ('I3: more set aside of book ' || NEW."BookId" || ' than was available');
        END;
        CREATE TABLE "ModelFolded" ("Notification" INTEGER NOT NULL);
        CREATE TRIGGER "Model_Folded" AFTER UPDATE OF "FoldedAt" ON "InboxNotifications" WHEN OLD."FoldedAt" IS NULL AND NEW."FoldedAt" IS NOT NULL
        BEGIN
            INSERT INTO "ModelFolded" VALUES (NEW."Id");
        END;
        """;

    private const string Over = """
        (SELECT COUNT(*) FROM "Licenses" AS l WHERE l."BookId" = NEW."BookId" AND l."State" IN (1, 2, 3, 7, 8))
            > (SELECT CASE WHEN b."Unlimited" = 1 THEN 1000000 ELSE b."AvailableCount" END FROM "Books" AS b WHERE b."Id" = NEW."BookId")
        """;

    private static readonly Lazy<string> Template = new(MakeTemplate);

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("vppbooks-model-").FullName;
    private readonly SqliteConnection _observer;

    public ModelFiles()
    {
        File.Copy(Template.Value, Database);
        _observer = Observe();
    }

    public string ConnectionString => $"Data Source={Database}";

    private string Database => Path.Combine(_folder, "model.db");

    private string Backup => Path.Combine(_folder, "backup.db");

    public bool HasBackup => File.Exists(Backup);

    /// <summary>A lost power supply is not what the model is about.</summary>
    public static void Relax(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = OFF";
        command.ExecuteNonQuery();
    }

    /// <summary>Rows as they are committed.</summary>
    public List<object[]> Read(string sql, params IEnumerable<object> values)
    {
        using var command = _observer.CreateCommand();
#pragma warning disable CA2100 // Constants of the model.
        command.CommandText = sql;
#pragma warning restore CA2100
        var index = 0;
        foreach (var value in values)
        {
            command.Parameters.AddWithValue("$" + ++index, value);
        }

        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    public long Count(string sql, params IEnumerable<object> values) => Convert.ToInt64(Read(sql, values)[0][0], CultureInfo.InvariantCulture);

    public void Execute(string sql) => Read(sql);

    /// <summary>Copies the database away.</summary>
    public void TakeBackup()
    {
        using var backup = new SqliteConnection($"Data Source={Backup};Pooling=False");
        backup.Open();
        Relax(backup);
        _observer.BackupDatabase(backup);
    }

    /// <summary>Puts the copy back; every program has to be stopped.</summary>
    public void Restore()
    {
        ClearPool();
        using var backup = new SqliteConnection($"Data Source={Backup};Pooling=False");
        backup.Open();
        backup.BackupDatabase(_observer);
    }

    public void Dispose()
    {
        _observer.Dispose();
        ClearPool();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private void ClearPool()
    {
        // As the product completes it: pools go by the text.
        using var pooled = new SqliteConnection(new SqliteConnectionStringBuilder(ConnectionString) { ForeignKeys = true, DefaultTimeout = 30 }.ConnectionString);
        SqliteConnection.ClearPool(pooled);
    }

    private static string MakeTemplate()
    {
        var file = Path.Combine(System.IO.Directory.CreateTempSubdirectory("vppbooks-model-template-").FullName, "template.db");
        using var services = new ServiceCollection().AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={file};Pooling=False").BuildServiceProvider();
        using var db = services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContext();
        db.Database.Migrate();
        db.Database.OpenConnection();
        using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // A constant.
        command.CommandText = Checks.Replace("{over}", Over, StringComparison.Ordinal) + "PRAGMA wal_checkpoint(TRUNCATE);";
#pragma warning restore CA2100
        command.ExecuteNonQuery();
        return file;
    }

    private SqliteConnection Observe()
    {
        var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        Relax(connection);
        return connection;
    }
}

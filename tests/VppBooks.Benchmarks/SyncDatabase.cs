using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;

namespace VppBooks.Benchmarks;

/// <summary>The product's services over a database file of their own, with one claimed location.</summary>
internal sealed class SyncDatabase : IAsyncDisposable
{
    public const string UId = "3104477120059999";

    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-bench-").FullName;
    private readonly ServiceProvider _services;
    private Lease? _lease;

    public SyncDatabase(StandIn standIn) => _services = new ServiceCollection()
        .AddLogging()
        .AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={File}")
        .Configure<AppleOptions>(o => (o.BaseUrl, o.StoreLookupUrl) = (standIn.BaseUrl + "/apple/mdm/v2", standIn.BaseUrl + "/apple/lookup"))
        .AddSingleton<IKeyWrapper, PlainKeys>()
        .AddVppBooksCore()
        .BuildServiceProvider();

    public string File => Path.Combine(_folder, "bench.db");

    public VppBooksDbContext Open() => _services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContext();

    public async Task ConnectAsync(StandIn standIn, CancellationToken cancellationToken)
    {
        var reading = await ContentToken.ReadAsync(new MemoryStream(await standIn.IssueTokenAsync(UId, cancellationToken)), TimeProvider.System.GetUtcNow(), cancellationToken);
        var token = ((ContentTokenReading.Accepted)reading).Token;
        await using var db = Open();
        await db.Database.MigrateAsync(cancellationToken);
        var location = new Location
        {
            PublicId = Guid.NewGuid(),
            UId = UId,
            Name = "District",
            OrganizationName = "District",
            LocationName = "District",
            AppleAccount = "books@district.example",
            CountryOrRegion = "NL",
            DefaultPlatform = "volumestore",
            TokenSecret = _services.GetRequiredService<SecretSealer>().Seal(token.ExposeSecret(), LocationConnections.Purpose(UId)),
            TokenExpires = token.Expires,
            State = TokenState.Valid,
            ClaimId = Guid.NewGuid(),
            ClaimConfirmed = true,
        };
        db.Locations.Add(location);
        await db.SaveChangesAsync(cancellationToken);
        await _services.GetRequiredService<AppleClient>().SetClientConfigAsync(
            new AppleLocation(UId, token), new ClientConfigChange(new MdmInfo(location.ClaimId.ToString("D"), "VppBooks", "bench")), cancellationToken);
        _lease = await _services.GetRequiredService<LocationLeases>().TryAcquireAsync(location.Id, cancellationToken);
    }

    public Task<SyncRun> SyncAsync(CancellationToken cancellationToken) =>
        _services.GetRequiredService<LocationSync>().RunAsync(_lease!, SyncReason.Manual, null, cancellationToken);

    /// <summary>Forgets what was read and Apple's limits, so that the next sync is a first one; titles and covers stay.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        _services.GetRequiredService<AppleClient>().ForgetServiceConfig();
        await using var db = Open();
        await db.ForeignHoldings.ExecuteDeleteAsync(cancellationToken);
        await db.VppUsers.ExecuteDeleteAsync(cancellationToken);
        await db.Books.ExecuteDeleteAsync(cancellationToken);
        await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.UsersVersionId, (string?)null).SetProperty(l => l.AssignmentsVersionId, (string?)null), cancellationToken);
    }

    /// <summary>The floor: the same rows by prepared statements in one transaction, into the same schema.</summary>
    public async Task<TimeSpan> DrawAsync(CancellationToken cancellationToken)
    {
        var copy = Path.Combine(_folder, "draw.db");
        await using (var source = new SqliteConnection($"Data Source={File}"))
        {
            await source.OpenAsync(cancellationToken);
            await using var vacuum = source.CreateCommand();
            vacuum.CommandText = "VACUUM INTO $copy";
            vacuum.Parameters.AddWithValue("$copy", copy);
            await vacuum.ExecuteNonQueryAsync(cancellationToken);
        }

        List<(long Book, long User)> holdings = [];
        List<(long Id, string ClientUserId, string? IdHash)> users = [];
        await using var connection = new SqliteConnection($"Data Source={copy}");
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
        await using (var read = connection.CreateCommand())
        {
            read.CommandText = "SELECT \"BookId\", \"VppUserId\" FROM \"ForeignHoldings\"";
            await using var rows = await read.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                holdings.Add((rows.GetInt64(0), rows.GetInt64(1)));
            }
        }

        await using (var read = connection.CreateCommand())
        {
            read.CommandText = "SELECT \"Id\", \"ClientUserId\", \"IdHash\" FROM \"VppUsers\"";
            await using var rows = await read.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                users.Add((rows.GetInt64(0), rows.GetString(1), await rows.IsDBNullAsync(2, cancellationToken) ? null : rows.GetString(2)));
            }
        }

        await ExecuteAsync(connection, "DELETE FROM \"ForeignHoldings\"; DELETE FROM \"VppUsers\"");
        var began = TimeProvider.System.GetTimestamp();
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await using var insertUser = connection.CreateCommand();
            insertUser.CommandText = """
                INSERT INTO "VppUsers" ("Id", "LocationId", "ClientUserId", "Retired", "Status", "IdHash", "ManagedAccountRefused", "MailRefused", "Attempts", "ChangedAt") VALUES ($id, 1, $client, 0, 2, $hash, 0, 0, 0, 0)
                """;
            var (id, client, hash) = (insertUser.Parameters.Add("$id", SqliteType.Integer), insertUser.Parameters.Add("$client", SqliteType.Text), insertUser.Parameters.Add("$hash", SqliteType.Text));
            foreach (var user in users)
            {
                (id.Value, client.Value, hash.Value) = (user.Id, user.ClientUserId, (object?)user.IdHash ?? DBNull.Value);
                insertUser.ExecuteNonQuery();
            }

            await using var insertHolding = connection.CreateCommand();
            insertHolding.CommandText = "INSERT INTO \"ForeignHoldings\" (\"BookId\", \"VppUserId\") VALUES ($book, $user)";
            var (book, holder) = (insertHolding.Parameters.Add("$book", SqliteType.Integer), insertHolding.Parameters.Add("$user", SqliteType.Integer));
            foreach (var holding in holdings)
            {
                (book.Value, holder.Value) = (holding.Book, holding.User);
                insertHolding.ExecuteNonQuery();
            }

            await transaction.CommitAsync(cancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private sealed class PlainKeys : IKeyWrapper
    {
        public byte[] Wrap(byte[] dataKey) => dataKey;

        public byte[] Unwrap(byte[] wrapped) => wrapped;
    }
}

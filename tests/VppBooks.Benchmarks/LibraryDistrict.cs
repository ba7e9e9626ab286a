using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Benchmarks;

/// <summary>
/// Rows of a district in an empty database: 2,000 books, 100,000 people with ten books each, a fifth of the books holding four fifths of the licenses; every
/// person in a class and in a school that are given books, and every fifth person on a waiting list.
/// </summary>
internal static class LibraryDistrict
{
    public const int Books = 2_000;
    public const int People = 100_000;

    private const int Classes = 3_600;
    private const int Schools = 40;

    /// <param name="db">An empty database.</param>
    /// <param name="known">People of the directory, who can sign in; the others are made up.</param>
    /// <param name="bulk">How people are stored.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task FillAsync(VppBooksDbContext db, IReadOnlyCollection<Person> known, IBulkStore bulk, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        await db.Database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var location = new Location
        {
            PublicId = Guid.NewGuid(),
            UId = "3104477120059999",
            Name = "District",
            OrganizationName = "District",
            LocationName = "District",
            AppleAccount = "books@district.example",
            CountryOrRegion = "NL",
            LastSyncedAt = now,
        };
        db.Locations.Add(location);
        // The made-up groups are not in the directory, and who looked would find them gone: it was asked a moment ago.
        db.DirectoryCursors.Add(new DirectoryCursor { Kind = CursorKind.Users, Groups = "", Link = "https://directory.example/delta", ReadAt = now });
        await db.SaveChangesAsync(cancellationToken);
        var titles = Enumerable.Range(0, Books).Select(i => new Title
        {
            AdamId = AdamIdOf(i),
            Storefront = "NL",
            Name = $"The {i} voyages of a book with a name of usual length",
            Author = $"Author {i % 700}",
            StoreUrl = $"https://books.apple.com/nl/book/id{AdamIdOf(i)}",
            HasCover = true,
            LookedUpAt = now,
            LookUpAgainAt = now.AddDays(30),
        }).ToList();
        db.Titles.AddRange(titles);
        await db.SaveChangesAsync(cancellationToken);
        db.Books.AddRange(titles.Select(t => new Book
        {
            PublicId = Guid.NewGuid(),
            LocationId = location.Id,
            AdamId = t.AdamId,
            PricingParam = PricingParam.STDQ,
            TitleId = t.Id,
            TotalCount = 10_000,
            AvailableCount = 1_000,
            CreatedAt = now,
            ModifiedAt = now,
        }));
        db.Groups.AddRange(Enumerable.Range(0, Classes + Schools).Select(i => new DirectoryGroup
        {
            DirectoryId = Guid.NewGuid(),
            DisplayName = $"Group {i}",
            SecurityEnabled = true,
            MembersReadAt = now,
            CheckedAt = now,
        }));
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
        await bulk.InsertPeopleAsync(db, [.. known, .. Enumerable.Range(known.Count, People - known.Count).Select(Made)], cancellationToken);
        await AssignAsync(db, now, cancellationToken);

        var person = await db.People.OrderBy(p => p.Id).Select(p => p.Id).FirstAsync(cancellationToken);
        var book = await db.Books.OrderBy(b => b.Id).FirstAsync(cancellationToken);
        var user = new VppUser { LocationId = location.Id, PersonId = person, ClientUserId = "first", Status = VppUserStatus.Associated, ChangedAt = now };
        var held = new License { BookId = book.Id, PersonId = person, AdamId = book.AdamId, State = LicenseState.Assigned, Source = LicenseSource.Required, CreatedAt = now, WantedAt = now, ChangedAt = now };
        db.VppUsers.Add(user);
        db.Licenses.Add(held);
        await db.SaveChangesAsync(cancellationToken);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        await RunAsync(connection, """
            CREATE TEMP TABLE "Numbered" AS SELECT row_number() OVER (ORDER BY "Id") - 1 AS "At", "Id" FROM "People";
            CREATE TEMP TABLE "Shelf" ("At" INTEGER PRIMARY KEY, "Id" INTEGER, "AdamId" INTEGER);
            INSERT INTO "Shelf" SELECT row_number() OVER (ORDER BY "Id") - 1, "Id", "AdamId" FROM "Books";
            CREATE TEMP TABLE "Grouped" ("At" INTEGER PRIMARY KEY, "Id" INTEGER);
            INSERT INTO "Grouped" SELECT row_number() OVER (ORDER BY "Id") - 1, "Id" FROM "Groups";
            CREATE TEMP TABLE "Copies" ("K" INTEGER);
            INSERT INTO "Copies" VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
            """);
        await RunAsync(connection, $"""
            INSERT INTO "GroupMemberships" ("GroupId", "PersonId") SELECT g."Id", n."Id" FROM "Numbered" AS n JOIN "Grouped" AS g ON g."At" = n."At" % {Classes};
            INSERT INTO "GroupMemberships" ("GroupId", "PersonId") SELECT g."Id", n."Id" FROM "Numbered" AS n JOIN "Grouped" AS g ON g."At" = {Classes} + n."At" % {Schools};
            """);
        await CopyAsync(connection, "VppUsers", user.Id, "\"Numbered\" AS n", ("PersonId", "n.\"Id\""), ("ClientUserId", "'client-' || n.\"Id\""));
        // Sevens and thirteens spread the copies of a person over different books.
        await CopyAsync(
            connection, "Licenses", held.Id,
            $"""
            "Numbered" AS n CROSS JOIN "Copies" AS c
            CROSS JOIN "Shelf" AS s ON s."At" = CASE WHEN c."K" < 8 THEN (n."At" * 8 + c."K") * 7 % {Books / 5} ELSE {Books / 5} + (n."At" * 2 + c."K") * 13 % {Books - (Books / 5)} END
            """,
            ("PersonId", "n.\"Id\""), ("BookId", "s.\"Id\""), ("AdamId", "s.\"AdamId\""));
        await CopyAsync(
            connection, "Licenses", held.Id, $"\"Numbered\" AS n CROSS JOIN \"Shelf\" AS s ON n.\"At\" % 5 = 0 AND s.\"At\" = n.\"At\" / 5 % {Books / 5}",
            ("PersonId", "n.\"Id\""), ("BookId", "s.\"Id\""), ("AdamId", "s.\"AdamId\""), ("State", ((byte)LicenseState.Waiting).ToString(CultureInfo.InvariantCulture)), ("WantedAt", "proto.\"WantedAt\" + n.\"At\""));
        await transaction.CommitAsync(cancellationToken);
        await RunAsync(connection, "PRAGMA optimize = 0x10002; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    /// <summary>A class can get six books, a school ten; four more of the school are on their way to everybody.</summary>
    private static async Task AssignAsync(VppBooksDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var books = await db.Books.OrderBy(b => b.Id).Select(b => b.Id).ToListAsync(cancellationToken);
        var groups = await db.Groups.OrderBy(g => g.Id).Select(g => g.Id).ToListAsync(cancellationToken);
        for (var i = 0; i < groups.Count; i++)
        {
            var given = i < Classes ? 6 : 14;
            for (var k = 0; k < given; k++)
            {
                db.GroupAssignments.Add(new GroupAssignment
                {
                    PublicId = Guid.NewGuid(),
                    BookId = books[((i * given) + k) % Books],
                    GroupId = groups[i],
                    Intent = k >= 10 ? Intent.Required : Intent.Available,
                    AssignedById = "bench",
                    AssignedByName = "Bench",
                    AssignedAt = now,
                });
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }

    /// <summary>Rows that differ from one that is there in a few columns.</summary>
    private static async Task CopyAsync(SqliteConnection connection, string table, long prototype, string source, params (string Column, string Value)[] changed)
    {
        List<string> columns = [];
        await using (var ask = connection.CreateCommand())
        {
            ask.CommandText = $"SELECT \"name\" FROM pragma_table_info('{table}') WHERE \"name\" <> 'Id'";
            await using var names = await ask.ExecuteReaderAsync();
            while (await names.ReadAsync())
            {
                columns.Add(names.GetString(0));
            }
        }

        var values = columns.Select(c => changed.Where(x => x.Column == c).Select(x => x.Value).FirstOrDefault() ?? $"proto.\"{c}\"");
        await RunAsync(connection, string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO "{table}" ({string.Join(", ", columns.Select(c => $"\"{c}\""))})
            SELECT {string.Join(", ", values)} FROM {source} CROSS JOIN "{table}" AS proto ON proto."Id" = {prototype} WHERE true
            ON CONFLICT DO NOTHING
            """));
    }

    private static async Task RunAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    private static Person Made(int i) => new()
    {
        PublicId = Guid.NewGuid(),
        DirectoryId = Guid.NewGuid(),
        DisplayName = $"Reader Number{i}",
        UserPrincipalName = $"reader{i}@district.example",
        Mail = $"reader{i}@district.example",
    };

    private static long AdamIdOf(int i) => 6_500_000_000 + (i * 37L);
}

using System.Globalization;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Model;

/// <content>The end of a seed: everything is healed, everything comes to rest, and then nothing may be unexplained.</content>
internal sealed partial class ModelWorld
{
    private string _stillChanging = "";

    /// <summary>Lets everything come to rest.</summary>
    public async Task RestAsync()
    {
        HealNetwork();
        Cloud.Apple.Switches.Limits = new AppleLimits();
        Clock.Advance(TimeSpan.FromHours(2));
        foreach (var row in Files.Read("""SELECT "PublicId", "UId" FROM "Locations" WHERE "DeletedAt" IS NULL ORDER BY "Id" """))
        {
            var (id, uId) = (Guid.Parse((string)row[0]), (string)row[1]);
            await RenewAsync(id, Cloud.Apple.IssueToken(uId));
            await TakeControlAsync(id, uId);
        }

        await ReadDirectoryAsync(First);
        await WorkAsync(First, TimeSpan.FromHours(30));
        // Two syncs are promised to be enough for what Apple holds; some registrations take a few more to be given up.
        for (var sync = 0; sync < 2 || (_stillChanging.Length > 0 && sync < 8); sync++)
        {
            var before = Fingerprint.All(Files);
            // A day later people and assignments are read in full again.
            Clock.Advance(TimeSpan.FromHours(25));
            await First.Get<SyncRequests>().RequestAllAsync(SyncReason.Schedule, Actor.System, CancellationToken.None);
            await WorkAsync(First, TimeSpan.FromHours(30));
            _stillChanging = Fingerprint.Difference(before, Fingerprint.All(Files));
            if (sync == 1)
            {
                CheckBooks();
            }
        }
    }

    /// <summary>The strong forms, which hold when nothing fails any more and nothing is under way.</summary>
    public Task CheckRestAsync()
    {
        None("rest: a location is not well (location, state, read-only, must read first, sync status)", """
            SELECT "UId", "State", "ReadOnly", "MustReadFirst", "SyncStatus" FROM "Locations"
            WHERE "DeletedAt" IS NULL AND ("State" <> 1 OR "ReadOnly" = 1 OR "MustReadFirst" = 1 OR "SyncStatus" <> 2 OR "SyncWanted" IS NOT NULL)
            """);
        None("I7: an operation never ended (id, state, next check)", """SELECT "Id", "State", "NextCheckAt" FROM "Operations" WHERE "State" IN (0, 1, 4)""");
        None("I7: a license never came to an end (id, state)", """SELECT "Id", "State" FROM "Licenses" WHERE "State" IN (2, 3, 7)""");
        None("I7: a registration never came to an end", """SELECT "Id", "OperationId" FROM "VppUsers" WHERE "OperationId" IS NOT NULL""");
        None("I7: a license could be sent and is not (license, book, person)", """
            SELECT l."Id", l."BookId", l."PersonId" FROM "Licenses" AS l JOIN "Books" AS b ON b."Id" = l."BookId" JOIN "People" AS p ON p."Id" = l."PersonId"
            JOIN "VppUsers" AS u ON u."PersonId" = l."PersonId" AND u."LocationId" = b."LocationId" AND u."Retired" = 0
            WHERE l."State" = 1 AND p."AccountEnabled" = 1 AND p."Guest" = 0 AND p."GoneSince" IS NULL AND (u."Status" = 2 OR (u."Status" = 1 AND b."Unlimited" = 1 AND u."AcceptanceRequired" = 0))
                AND NOT EXISTS (SELECT 1 FROM "PlanLines" AS x JOIN "Plans" AS r ON r."Id" = x."PlanId"
                    WHERE x."PersonId" = l."PersonId" AND x."Outcome" = 6 AND r."BookId" = l."BookId" AND r."State" IN (3, 4))
            """);
        None("I7: somebody waits although there is stock (book, available)", """
            SELECT b."Id", b."AvailableCount" FROM "Books" AS b
            WHERE EXISTS (SELECT 1 FROM "Licenses" AS l LEFT JOIN "Plans" AS p ON p."Id" = l."PlanId"
                    WHERE l."BookId" = b."Id" AND l."State" = 5 AND COALESCE(p."State", -1) NOT IN (3, 4)
                        AND NOT EXISTS (SELECT 1 FROM "PlanLines" AS x JOIN "Plans" AS r ON r."Id" = x."PlanId"
                            WHERE x."PersonId" = l."PersonId" AND x."Outcome" = 6 AND r."BookId" = l."BookId" AND r."State" IN (3, 4)))
                AND (b."Unlimited" = 1 OR b."AvailableCount" > (SELECT COUNT(*) FROM "Licenses" AS a WHERE a."BookId" = b."Id" AND (a."State" IN (1, 8)
                    OR (a."State" = 5 AND EXISTS (SELECT 1 FROM "PlanLines" AS x JOIN "Plans" AS r ON r."Id" = x."PlanId"
                        WHERE x."PersonId" = a."PersonId" AND x."Outcome" = 6 AND r."BookId" = a."BookId" AND r."State" IN (3, 4))))))
            """);
        if (_stillChanging.Length > 0)
        {
            Fail($"I8: syncs of what is known still change something:\n{_stillChanging}");
        }

        CheckBooks();
        return Task.CompletedTask;
    }

    private void CheckBooks()
    {
        foreach (var row in Files.Read("""
            SELECT b."Id", b."LocationId", l."UId", b."AdamId", b."PricingParam", b."AssignedCount", b."AvailableCount", b."Unlimited"
            FROM "Books" AS b JOIN "Locations" AS l ON l."Id" = b."LocationId" WHERE l."DeletedAt" IS NULL
            """))
        {
            CheckBook((long)row[0], (long)row[1], (string)row[2], row[3].ToString()!, (long)row[4] == 1 ? "STDQ" : "PLUS", (long)row[5], (long)row[6], unlimited: (long)row[7] == 1);
        }
    }

    /// <summary>I2 and I3: ledger and Apple are equal row by row.</summary>
    private void CheckBook(long book, long location, string uId, string adamId, string pricingParam, long assigned, long available, bool unlimited)
    {
        var ours = Files.Read("""SELECT DISTINCT "ClientUserId", "PersonId" FROM "VppUsers" WHERE "LocationId" = $1 AND "PersonId" IS NOT NULL""", [location])
            .ToDictionary(r => (string)r[0], r => (long)r[1]);
        var holders = Cloud.Apple.Holders(uId, adamId, pricingParam);
        var expected = Text(holders.Where(ours.ContainsKey).Select(h => ours[h]));
        var ledger = Text(Files.Read("""SELECT "PersonId" FROM "Licenses" WHERE "BookId" = $1 AND "State" = 4""", [book]).Select(r => (long)r[0]));
        if (expected != ledger)
        {
            Fail($"I2: {adamId} {pricingParam} at {uId}: Apple shows people {expected}, the ledger {ledger}");
        }

        var foreign = Files.Count("""SELECT COUNT(*) FROM "ForeignHoldings" WHERE "BookId" = $1""", [book]);
        var counts = Cloud.Apple.Counts(uId, adamId, pricingParam);
        if (holders.Count(h => !ours.ContainsKey(h)) != foreign || assigned != counts.Assigned || (!unlimited && available != counts.Available))
        {
            Fail($"I3: {adamId} {pricingParam} at {uId}: Apple counts {counts}, we {assigned} assigned, {available} available, {foreign} of others");
        }

        static string Text(IEnumerable<long> people) => string.Join(' ', people.Order().Select(p => p.ToString(CultureInfo.InvariantCulture)));
    }

    private void None(string what, string sql)
    {
        if (Files.Read(sql) is [var first, ..])
        {
            Fail($"{what}: {string.Join(' ', first.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)))}");
        }
    }
}

using System.Reflection;

namespace VppBooks.Core.Persistence;

/// <summary>
/// The statements of publishing, in SQL that SQLite and SQL Server both take. Parameters: {0} run, {1} location, {2} now, {3} storefront.
/// Every UPDATE and INSERT names in its WHERE what makes a difference: a reading that brings nothing new writes nothing.
/// </summary>
public static partial class BulkStatements
{
    /// <summary>All of them by name, for checking them against the schema.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = typeof(BulkStatements)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.IsLiteral)
        .ToDictionary(f => f.Name, f => (string)f.GetRawConstantValue()!);

    /// <summary>Removes what was staged for the run; one statement per table.</summary>
    public const string ClearBooks = """DELETE FROM "StagedBooks" WHERE "RunId" = {0}""";

    /// <inheritdoc cref="ClearBooks"/>
    public const string ClearUsers = """DELETE FROM "StagedUsers" WHERE "RunId" = {0}""";

    /// <inheritdoc cref="ClearBooks"/>
    public const string ClearAssignments = """DELETE FROM "StagedAssignments" WHERE "RunId" = {0}""";

    /// <inheritdoc cref="ClearBooks"/>
    public const string ClearLicenses = """DELETE FROM "StagedLicenses" WHERE "RunId" = {0}""";

    /// <summary>Books whose counts changed, or that Apple lists again.</summary>
    public const string UpdateBooks = """
        UPDATE "Books" SET
            "TotalCount" = s."TotalCount", "AssignedCount" = s."AssignedCount", "AvailableCount" = s."AvailableCount", "RetiredCount" = s."RetiredCount",
            "Unlimited" = s."Unlimited", "NoLongerReported" = 0, "ModifiedAt" = {2}, "Version" = "Books"."Version" + 1,
            "RemovedAt" = CASE WHEN s."Unlimited" = 1 OR s."TotalCount" > 0 OR s."AssignedCount" > 0 THEN NULL ELSE "Books"."RemovedAt" END
        FROM "StagedBooks" AS s
        WHERE s."RunId" = {0} AND "Books"."LocationId" = {1} AND "Books"."AdamId" = s."AdamId" AND "Books"."PricingParam" = s."PricingParam"
            AND ("Books"."TotalCount" <> s."TotalCount" OR "Books"."AssignedCount" <> s."AssignedCount" OR "Books"."AvailableCount" <> s."AvailableCount"
                OR "Books"."RetiredCount" <> s."RetiredCount" OR "Books"."Unlimited" <> s."Unlimited" OR "Books"."NoLongerReported" = 1)
        """;

    /// <summary>Books seen for the first time.</summary>
    public const string InsertBooks = """
        INSERT INTO "Books" ("PublicId", "LocationId", "AdamId", "PricingParam", "TotalCount", "AssignedCount", "AvailableCount", "RetiredCount", "Unlimited", "NoLongerReported", "TitleId", "WaitingOrder", "FollowWanted", "CreatedAt", "ModifiedAt", "Version")
        SELECT s."PublicId", {1}, s."AdamId", s."PricingParam", s."TotalCount", s."AssignedCount", s."AvailableCount", s."RetiredCount", s."Unlimited", 0, NULL, 0, 0, {2}, {2}, 0
        FROM "StagedBooks" AS s
        WHERE s."RunId" = {0} AND NOT EXISTS (SELECT 1 FROM "Books" AS b WHERE b."LocationId" = {1} AND b."AdamId" = s."AdamId" AND b."PricingParam" = s."PricingParam")
        """;

    /// <summary>Tells staged books their ids; not counted as a change.</summary>
    public const string ResolveBooks = """
        UPDATE "StagedBooks" SET "BookId" = b."Id"
        FROM "Books" AS b
        WHERE "StagedBooks"."RunId" = {0} AND b."LocationId" = {1} AND b."AdamId" = "StagedBooks"."AdamId" AND b."PricingParam" = "StagedBooks"."PricingParam"
        """;

    // What is left of a book that Apple stopped listing: the copies that people still have as far as we know.
    private const string Held = """
        ((SELECT COUNT(*) FROM "Licenses" AS l WHERE l."BookId" = "Books"."Id" AND l."State" = 4) + (SELECT COUNT(*) FROM "ForeignHoldings" AS h WHERE h."BookId" = "Books"."Id"))
        """;

    /// <summary>
    /// Books that Apple stopped listing; only after a complete list, and after its assignments are in place. Refunded or transferred away, they have no stock any more (reference 2.6);
    /// what people have of them is counted again each time.
    /// </summary>
    public const string RetireBooks = $$"""
        UPDATE "Books" SET "NoLongerReported" = 1, "TotalCount" = {{Held}}, "AssignedCount" = {{Held}}, "AvailableCount" = 0, "RetiredCount" = 0, "ModifiedAt" = {2}, "Version" = "Version" + 1
        WHERE "LocationId" = {1} AND "Id" NOT IN (SELECT s."BookId" FROM "StagedBooks" AS s WHERE s."RunId" = {0} AND s."BookId" IS NOT NULL)
            AND ("NoLongerReported" = 0 OR "AvailableCount" <> 0 OR "TotalCount" <> {{Held}} OR "AssignedCount" <> {{Held}})
        """;

    /// <summary>Gives books their title in the location's storefront.</summary>
    public const string LinkTitles = """
        UPDATE "Books" SET "TitleId" = t."Id", "ModifiedAt" = {2}, "Version" = "Books"."Version" + 1
        FROM "Titles" AS t
        WHERE "Books"."LocationId" = {1} AND t."AdamId" = "Books"."AdamId" AND t."Storefront" = {3} AND ("Books"."TitleId" IS NULL OR "Books"."TitleId" <> t."Id")
        """;

    /// <summary>Keeps the counts of books that changed just now, where they differ from the last ones kept. After a first start with an older database: of all.</summary>
    public const string SnapshotBooks = """
        INSERT INTO "BookCountSnapshots" ("BookId", "At", "TotalCount", "AssignedCount", "AvailableCount", "RetiredCount", "Unlimited")
        SELECT b."Id", {2}, b."TotalCount", b."AssignedCount", b."AvailableCount", b."RetiredCount", b."Unlimited"
        FROM "Books" AS b
        LEFT JOIN "BookCountSnapshots" AS s ON s."Id" = (SELECT MAX(n."Id") FROM "BookCountSnapshots" AS n WHERE n."BookId" = b."Id")
        WHERE b."LocationId" = {1}
            AND (s."Id" IS NULL OR s."TotalCount" <> b."TotalCount" OR s."AssignedCount" <> b."AssignedCount" OR s."AvailableCount" <> b."AvailableCount"
                OR s."RetiredCount" <> b."RetiredCount" OR s."Unlimited" <> b."Unlimited")
        """;

    /// <summary>All staged books' assignments were read completely.</summary>
    public const string CompleteAllBooks = """UPDATE "StagedBooks" SET "Complete" = 1 WHERE "RunId" = {0}""";
}

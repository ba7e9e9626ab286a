namespace VppBooks.Core.Persistence;

public static partial class BulkStatements
{
    // Whose record a staged assignment is: the one in the same standing, or, where the list of people was read at another moment than the
    // assignments, the only one there is.
    private const string SameStanding = """
        (v."Retired" = a."Retired" OR NOT EXISTS (SELECT 1 FROM "VppUsers" AS w WHERE w."LocationId" = {1} AND w."ClientUserId" = a."ClientUserId" AND w."Retired" = a."Retired"))
        """;

    // Books lead, then their assignments, then people: each step is a seek in a unique index.
    private const string StagedHolders = """
        "StagedBooks" AS b
        JOIN "StagedAssignments" AS a ON a."RunId" = b."RunId" AND a."BookKey" = b."Key"
        JOIN "VppUsers" AS v ON v."LocationId" = {1} AND v."ClientUserId" = a."ClientUserId"
        """;

    private const string AssignedHere = """
        (SELECT COUNT(*) FROM "Licenses" AS l WHERE l."PersonId" = d."PersonId" AND l."AdamId" = d."AdamId" AND l."BookId" = d."BookId" AND l."State" = 4)
        """;

    private const string NotSent = "(1, 5, 6, 8, 9, 10, 11)";

    /// <summary>Holdings of records that are not ours.</summary>
    public const string InsertHoldings = $$"""
        INSERT INTO "ForeignHoldings" ("BookId", "VppUserId")
        SELECT b."BookId", v."Id" FROM {{StagedHolders}}
        WHERE b."RunId" = {0} AND v."PersonId" IS NULL AND {{SameStanding}}
            AND (v."Retired" = a."Retired" OR NOT EXISTS (
                SELECT 1 FROM "StagedAssignments" AS x WHERE x."RunId" = {0} AND x."BookKey" = a."BookKey" AND x."ClientUserId" = a."ClientUserId" AND x."Retired" = v."Retired"))
            AND NOT EXISTS (SELECT 1 FROM "ForeignHoldings" AS h WHERE h."BookId" = b."BookId" AND h."VppUserId" = v."Id")
        """;

    /// <summary>Licenses of our people that Apple shows and the ledger does not have as assigned. Further copies count only where a book was read completely.</summary>
    public const string FindLicenses = $$"""
        INSERT INTO "StagedLicenses" ("RunId", "PersonId", "BookId", "AdamId", "Copies", "Finding")
        SELECT {0}, d."PersonId", d."BookId", d."AdamId", d."Copies",
            CASE WHEN EXISTS (SELECT 1 FROM "Licenses" AS l WHERE l."PersonId" = d."PersonId" AND l."AdamId" = d."AdamId" AND l."BookId" = d."BookId" AND l."State" IN (2, 3, 7)) THEN 2
                WHEN {{AssignedHere}} >= d."Copies" THEN 1 ELSE 0 END
        FROM (
            SELECT v."PersonId", b."BookId", b."AdamId", CASE WHEN b."Complete" = 1 THEN COUNT(*) ELSE 1 END AS "Copies"
            FROM {{StagedHolders}}
            WHERE b."RunId" = {0} AND v."PersonId" IS NOT NULL AND {{SameStanding}}
            GROUP BY v."PersonId", b."BookId", b."AdamId", b."Complete") AS d
        WHERE (SELECT COUNT(*) FROM "Licenses" AS m WHERE m."PersonId" = d."PersonId" AND m."AdamId" = d."AdamId" AND m."BookId" = d."BookId" AND m."State" = 4 AND m."MissedOnce" = 0) < d."Copies"
        """;

    /// <summary>Rows of the very book: whatever they were, they are assigned.</summary>
    public const string SettleLicenses = """
        UPDATE "Licenses" SET
            "ChangedAt" = CASE WHEN "State" = 4 THEN "ChangedAt" ELSE {2} END, "Cause" = CASE WHEN "State" = 4 THEN "Cause" ELSE 17 END,
            "State" = 4, "MissedOnce" = 0, "ErrorNumber" = NULL
        WHERE ("State" <> 4 OR "MissedOnce" = 1) AND "Id" IN (
            SELECT r."Id" FROM (
                SELECT l."Id", d."Copies", ROW_NUMBER() OVER (PARTITION BY l."PersonId", l."BookId" ORDER BY CASE WHEN l."State" = 4 THEN 0 ELSE 1 END, l."Ordinal") AS "Row"
                FROM "StagedLicenses" AS d
                JOIN "Licenses" AS l ON l."PersonId" = d."PersonId" AND l."AdamId" = d."AdamId" AND l."BookId" = d."BookId"
                WHERE d."RunId" = {0}) AS r
            WHERE r."Row" <= r."Copies")
        """;

    /// <summary>The title was meant to come from another book (quality, location) and nothing was sent: the wish is fulfilled by what was found.</summary>
    public const string MoveLicenses = $$"""
        UPDATE "Licenses" SET "BookId" = m."BookId", "State" = 4, "Cause" = 17, "MissedOnce" = 0, "ErrorNumber" = NULL, "ChangedAt" = {2}
        FROM (
            SELECT c."Id", w."BookId" FROM (
                SELECT d."PersonId", d."AdamId", d."BookId", ROW_NUMBER() OVER (PARTITION BY d."PersonId", d."AdamId" ORDER BY d."BookId") AS "Row"
                FROM "StagedLicenses" AS d WHERE d."RunId" = {0} AND {{AssignedHere}} < d."Copies") AS w
            JOIN (
                SELECT l."Id", l."PersonId", l."AdamId", ROW_NUMBER() OVER (PARTITION BY l."PersonId", l."AdamId" ORDER BY l."Ordinal") AS "Row"
                FROM "Licenses" AS l
                WHERE l."State" IN {{NotSent}} AND EXISTS (SELECT 1 FROM "StagedLicenses" AS d WHERE d."RunId" = {0} AND d."PersonId" = l."PersonId" AND d."AdamId" = l."AdamId")) AS c
            ON c."PersonId" = w."PersonId" AND c."AdamId" = w."AdamId" AND c."Row" = w."Row") AS m
        WHERE "Licenses"."Id" = m."Id" AND "Licenses"."State" IN {{NotSent}}
        """;

    /// <summary>What is left was bought by others, or before the ledger: rows of their own under the next ordinals.</summary>
    public const string InsertLicenses = $$"""
        INSERT INTO "Licenses" ("BookId", "PersonId", "AdamId", "Ordinal", "State", "Source", "Cause", "OperationId", "PlanId", "ErrorNumber", "Attempts", "MissedOnce", "CreatedAt", "WantedAt", "WaitingRank", "ChangedAt")
        SELECT m."BookId", m."PersonId", m."AdamId",
            COALESCE((SELECT MAX(l."Ordinal") + 1 FROM "Licenses" AS l WHERE l."PersonId" = m."PersonId" AND l."AdamId" = m."AdamId"), 0)
                + ROW_NUMBER() OVER (PARTITION BY m."PersonId", m."AdamId" ORDER BY m."BookId", n."Copy") - 1,
            4, 2, 17, NULL, NULL, NULL, 0, 0, {2}, {2}, NULL, {2}
        FROM (
            SELECT d."PersonId", d."AdamId", d."BookId", d."Copies" - {{AssignedHere}} AS "Missing"
            FROM "StagedLicenses" AS d WHERE d."RunId" = {0}) AS m
        JOIN (SELECT 1 AS "Copy" UNION ALL SELECT 2 UNION ALL SELECT 3) AS n ON n."Copy" <= m."Missing"
        """;

    /// <summary>Completely read books of which we hold more rows than Apple showed; not counted as a change.</summary>
    public const string MarkExcess = """
        UPDATE "StagedBooks" SET "Excess" = 1
        WHERE "RunId" = {0} AND "Complete" = 1
            AND (SELECT COUNT(*) FROM "Licenses" AS l WHERE l."BookId" = "StagedBooks"."BookId" AND l."State" = 4)
                + (SELECT COUNT(*) FROM "ForeignHoldings" AS h WHERE h."BookId" = "StagedBooks"."BookId")
                > (SELECT COUNT(*) FROM "StagedAssignments" AS a WHERE a."RunId" = {0} AND a."BookKey" = "StagedBooks"."Key")
        """;

    /// <summary>Holdings that a complete reading no longer shows, or that turned out to be ours.</summary>
    public const string DeleteHoldings = $$"""
        DELETE FROM "ForeignHoldings"
        WHERE "BookId" IN (SELECT e."BookId" FROM "StagedBooks" AS e WHERE e."RunId" = {0} AND e."Excess" = 1)
            AND NOT EXISTS (
                SELECT 1 FROM {{StagedHolders}}
                WHERE b."RunId" = {0} AND b."BookId" = "ForeignHoldings"."BookId" AND v."Id" = "ForeignHoldings"."VppUserId" AND v."PersonId" IS NULL AND {{SameStanding}})
        """;

    /// <summary>Assigned licenses that a complete reading does not show: missed once, and vanished the second time.</summary>
    public const string MissLicenses = """
        UPDATE "Licenses" SET
            "ChangedAt" = CASE WHEN "MissedOnce" = 1 THEN {2} ELSE "ChangedAt" END,
            "Cause" = CASE WHEN "MissedOnce" = 1 THEN 18 ELSE "Cause" END,
            "State" = CASE WHEN "MissedOnce" = 1 THEN 10 ELSE 4 END,
            "MissedOnce" = CASE WHEN "MissedOnce" = 1 THEN 0 ELSE 1 END
        WHERE "Id" IN (
            SELECT r."Id" FROM (
                SELECT l."Id", l."PersonId", l."BookId", ROW_NUMBER() OVER (PARTITION BY l."PersonId", l."BookId" ORDER BY l."Ordinal") AS "Row"
                FROM "Licenses" AS l
                WHERE l."State" = 4 AND l."BookId" IN (SELECT e."BookId" FROM "StagedBooks" AS e WHERE e."RunId" = {0} AND e."Excess" = 1)) AS r
            WHERE r."Row" > (
                SELECT COUNT(*) FROM "StagedBooks" AS b
                JOIN "StagedAssignments" AS a ON a."RunId" = b."RunId" AND a."BookKey" = b."Key"
                WHERE b."RunId" = {0} AND b."BookId" = r."BookId"
                    AND a."ClientUserId" IN (SELECT v."ClientUserId" FROM "VppUsers" AS v WHERE v."PersonId" = r."PersonId" AND v."LocationId" = {1})))
        """;

    /// <summary>Staged assignments per book that the ledger does not have yet: what publishing would add. A query.</summary>
    public const string CountNews = """
        SELECT b."Key" AS "BookKey", CAST(COUNT(*) AS bigint) AS "Rows"
        FROM "StagedBooks" AS b
        JOIN "StagedAssignments" AS a ON a."RunId" = b."RunId" AND a."BookKey" = b."Key"
        WHERE b."RunId" = {0}
            AND NOT EXISTS (
                SELECT 1 FROM "VppUsers" AS v JOIN "ForeignHoldings" AS h ON h."VppUserId" = v."Id" AND h."BookId" = b."BookId"
                WHERE v."LocationId" = {1} AND v."ClientUserId" = a."ClientUserId" AND v."PersonId" IS NULL)
            AND NOT EXISTS (
                SELECT 1 FROM "VppUsers" AS v JOIN "Licenses" AS l ON l."PersonId" = v."PersonId" AND l."AdamId" = b."AdamId" AND l."BookId" = b."BookId" AND l."State" = 4
                WHERE v."LocationId" = {1} AND v."ClientUserId" = a."ClientUserId")
        GROUP BY b."Key"
        """;
}

namespace VppBooks.Core.Persistence;

public static partial class BulkStatements
{
    /// <summary>Apple retired a record: the row we know as active becomes the retired one and keeps what hangs on it.</summary>
    public const string RetireUsers = """
        UPDATE "VppUsers" SET
            "Retired" = 1, "Status" = s."Status", "IdHash" = COALESCE(s."IdHash", "VppUsers"."IdHash"), "InviteSecret" = NULL, "InviteHash" = NULL, "ChangedAt" = {2}
        FROM "StagedUsers" AS s
        WHERE s."RunId" = {0} AND s."Retired" = 1
            AND "VppUsers"."LocationId" = {1} AND "VppUsers"."ClientUserId" = s."ClientUserId" AND "VppUsers"."Retired" = 0
            AND NOT EXISTS (SELECT 1 FROM "StagedUsers" AS a WHERE a."RunId" = {0} AND a."ClientUserId" = s."ClientUserId" AND a."Retired" = 0)
            AND NOT EXISTS (SELECT 1 FROM "VppUsers" AS r WHERE r."LocationId" = {1} AND r."ClientUserId" = s."ClientUserId" AND r."Retired" = 1)
        """;

    // A person retired for the second time: the older retired row is there already, so the active one has to go. Only after a complete list,
    // because a delta may speak of the older record alone. A record that Apple has not confirmed yet is a wish, and stays.
    private const string Superseded = """
        SELECT v."Id" FROM "VppUsers" AS v
        JOIN "StagedUsers" AS s ON s."RunId" = {0} AND s."ClientUserId" = v."ClientUserId" AND s."Retired" = 1
        JOIN "VppUsers" AS r ON r."LocationId" = v."LocationId" AND r."ClientUserId" = v."ClientUserId" AND r."Retired" = 1
        WHERE v."LocationId" = {1} AND v."Retired" = 0 AND v."Status" <> 0 AND v."OperationId" IS NULL
            AND NOT EXISTS (SELECT 1 FROM "StagedUsers" AS a WHERE a."RunId" = {0} AND a."ClientUserId" = v."ClientUserId" AND a."Retired" = 0)
        """;

    /// <summary>Hands the holdings of a superseded record to its retired twin.</summary>
    public const string MoveSupersededHoldings = $$"""
        INSERT INTO "ForeignHoldings" ("BookId", "VppUserId")
        SELECT h."BookId", r."Id" FROM "ForeignHoldings" AS h
        JOIN "VppUsers" AS v ON v."Id" = h."VppUserId"
        JOIN "VppUsers" AS r ON r."LocationId" = v."LocationId" AND r."ClientUserId" = v."ClientUserId" AND r."Retired" = 1
        WHERE h."VppUserId" IN ({{Superseded}}) AND NOT EXISTS (SELECT 1 FROM "ForeignHoldings" AS t WHERE t."BookId" = h."BookId" AND t."VppUserId" = r."Id")
        """;

    /// <summary>Second step of <see cref="MoveSupersededHoldings"/>.</summary>
    public const string DeleteSupersededHoldings = $$"""
        DELETE FROM "ForeignHoldings" WHERE "VppUserId" IN ({{Superseded}})
        """;

    /// <summary>Third step of <see cref="MoveSupersededHoldings"/>.</summary>
    public const string DeleteSupersededUsers = $$"""
        DELETE FROM "VppUsers" WHERE "Id" IN ({{Superseded}})
        """;

    /// <summary>Records whose standing changed. A word of Apple's that we do not know changes nothing. A refusal that was overcome is forgotten.</summary>
    public const string UpdateUsers = """
        UPDATE "VppUsers" SET
            "Status" = s."Status",
            "IdHash" = COALESCE(s."IdHash", "VppUsers"."IdHash"),
            "InviteSecret" = CASE WHEN s."Status" = 1 THEN COALESCE(s."InviteSecret", "VppUsers"."InviteSecret") ELSE NULL END,
            "InviteHash" = CASE WHEN s."Status" = 1 THEN COALESCE(s."InviteHash", "VppUsers"."InviteHash") ELSE NULL END,
            "ErrorNumber" = CASE WHEN s."Status" IN (1, 2) AND s."Status" > "VppUsers"."Status" THEN NULL ELSE "VppUsers"."ErrorNumber" END,
            "ChangedAt" = {2}
        FROM "StagedUsers" AS s
        WHERE s."RunId" = {0} AND s."Status" <> 0
            AND "VppUsers"."LocationId" = {1} AND "VppUsers"."ClientUserId" = s."ClientUserId" AND "VppUsers"."Retired" = s."Retired"
            AND ("VppUsers"."Status" <> s."Status" OR COALESCE(s."IdHash", "VppUsers"."IdHash", '') <> COALESCE("VppUsers"."IdHash", '')
                OR s."InviteSecret" IS NOT NULL OR (s."Status" <> 1 AND "VppUsers"."InviteSecret" IS NOT NULL))
        """;

    /// <summary>Records seen for the first time; beside another record of one of our people it is ours as well.</summary>
    public const string InsertUsers = """
        INSERT INTO "VppUsers" ("LocationId", "PersonId", "ClientUserId", "Retired", "Status", "IdHash", "InviteSecret", "InviteHash", "OperationId", "ErrorNumber", "ManagedAccountRefused", "MailRefused", "MailMoved", "UpdateWanted", "AcceptanceRequired", "Attempts", "ChangedAt")
        SELECT {1}, (SELECT MAX(t."PersonId") FROM "VppUsers" AS t WHERE t."LocationId" = {1} AND t."ClientUserId" = s."ClientUserId"),
            s."ClientUserId", s."Retired", s."Status", s."IdHash", s."InviteSecret", s."InviteHash", NULL, NULL, 0, 0, 0, 0, 0, 0, {2}
        FROM "StagedUsers" AS s
        WHERE s."RunId" = {0}
            AND NOT EXISTS (SELECT 1 FROM "VppUsers" AS v WHERE v."LocationId" = {1} AND v."ClientUserId" = s."ClientUserId" AND v."Retired" = s."Retired")
        """;

    /// <summary>People known from assignments only, until the list of people names them.</summary>
    public const string InsertStubUsers = """
        INSERT INTO "VppUsers" ("LocationId", "PersonId", "ClientUserId", "Retired", "Status", "IdHash", "InviteSecret", "InviteHash", "OperationId", "ErrorNumber", "ManagedAccountRefused", "MailRefused", "MailMoved", "UpdateWanted", "AcceptanceRequired", "Attempts", "ChangedAt")
        SELECT {1}, NULL, a."ClientUserId", a."Retired", MAX(a."Status"), NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, {2}
        FROM "StagedAssignments" AS a
        WHERE a."RunId" = {0} AND NOT EXISTS (SELECT 1 FROM "VppUsers" AS v WHERE v."LocationId" = {1} AND v."ClientUserId" = a."ClientUserId")
        GROUP BY a."ClientUserId", a."Retired"
        """;
}

using System.Text.Json;

namespace VppBooks.Core.Persistence.SqlServer;

/// <summary>Chunks through OPENJSON; an update of what is there and an insert of what is not, instead of MERGE with its races.</summary>
internal sealed class SqlServerBulkStore : BulkStore
{
    private const string Books = """
        OPENJSON({1}) WITH (
            "Key" int '$[0]', "BookId" int '$[1]', "PublicId" uniqueidentifier '$[2]', "AdamId" bigint '$[3]', "PricingParam" tinyint '$[4]', "TotalCount" bigint '$[5]',
            "AssignedCount" bigint '$[6]', "AvailableCount" bigint '$[7]', "RetiredCount" bigint '$[8]', "Unlimited" bit '$[9]', "Complete" bit '$[10]') AS j
        """;

    private const string Users = """
        (SELECT o."ClientUserId" COLLATE Latin1_General_100_BIN2 AS "ClientUserId", o."Retired", o."Status", o."IdHash" COLLATE Latin1_General_100_BIN2 AS "IdHash",
            CONVERT(varbinary(512), o."InviteSecret", 2) AS "InviteSecret", CONVERT(varbinary(32), o."InviteHash", 2) AS "InviteHash"
         FROM OPENJSON({1}) WITH (
            "ClientUserId" nvarchar(128) '$[0]', "Retired" bit '$[1]', "Status" tinyint '$[2]', "IdHash" varchar(64) '$[3]', "InviteSecret" varchar(1024) '$[4]', "InviteHash" varchar(64) '$[5]') AS o) AS j
        """;

    private const string Assignments = """
        (SELECT o."BookKey", o."ClientUserId" COLLATE Latin1_General_100_BIN2 AS "ClientUserId", o."Retired", o."Status"
         FROM OPENJSON({1}) WITH ("BookKey" int '$[0]', "ClientUserId" nvarchar(128) '$[1]', "Retired" bit '$[2]', "Status" tinyint '$[3]') AS o) AS j
        """;

    protected internal override IReadOnlyList<string> StageBooks { get; } =
    [
        $"""
        UPDATE "StagedBooks" SET
            "TotalCount" = j."TotalCount", "AssignedCount" = j."AssignedCount", "AvailableCount" = j."AvailableCount",
            "RetiredCount" = j."RetiredCount", "Unlimited" = j."Unlimited", "Complete" = j."Complete"
        FROM {Books} WHERE "StagedBooks"."RunId" = {"{0}"} AND "StagedBooks"."Key" = j."Key"
        """,
        $"""
        INSERT INTO "StagedBooks" ("RunId", "Key", "BookId", "PublicId", "AdamId", "PricingParam", "TotalCount", "AssignedCount", "AvailableCount", "RetiredCount", "Unlimited", "Complete", "Excess")
        SELECT {"{0}"}, j."Key", j."BookId", j."PublicId", j."AdamId", j."PricingParam", j."TotalCount", j."AssignedCount", j."AvailableCount", j."RetiredCount", j."Unlimited", j."Complete", 0
        FROM {Books} WHERE NOT EXISTS (SELECT 1 FROM "StagedBooks" AS t WHERE t."RunId" = {"{0}"} AND t."Key" = j."Key")
        """,
    ];

    protected internal override IReadOnlyList<string> StageUsers { get; } =
    [
        $"""
        UPDATE "StagedUsers" SET "Status" = j."Status", "IdHash" = j."IdHash", "InviteSecret" = j."InviteSecret", "InviteHash" = j."InviteHash"
        FROM {Users} WHERE "StagedUsers"."RunId" = {"{0}"} AND "StagedUsers"."ClientUserId" = j."ClientUserId" AND "StagedUsers"."Retired" = j."Retired"
        """,
        $"""
        INSERT INTO "StagedUsers" ("RunId", "ClientUserId", "Retired", "Status", "IdHash", "InviteSecret", "InviteHash")
        SELECT {"{0}"}, j."ClientUserId", j."Retired", j."Status", j."IdHash", j."InviteSecret", j."InviteHash"
        FROM {Users} WHERE NOT EXISTS (SELECT 1 FROM "StagedUsers" AS t WHERE t."RunId" = {"{0}"} AND t."ClientUserId" = j."ClientUserId" AND t."Retired" = j."Retired")
        """,
    ];

    protected internal override IReadOnlyList<string> StageAssignments { get; } =
    [
        $"""
        UPDATE "StagedAssignments" SET "Status" = j."Status"
        FROM {Assignments}
        WHERE "StagedAssignments"."RunId" = {"{0}"} AND "StagedAssignments"."BookKey" = j."BookKey" AND "StagedAssignments"."ClientUserId" = j."ClientUserId" AND "StagedAssignments"."Retired" = j."Retired"
        """,
        $"""
        INSERT INTO "StagedAssignments" ("RunId", "BookKey", "ClientUserId", "Retired", "Status")
        SELECT {"{0}"}, j."BookKey", j."ClientUserId", j."Retired", j."Status"
        FROM {Assignments}
        WHERE NOT EXISTS (SELECT 1 FROM "StagedAssignments" AS t WHERE t."RunId" = {"{0}"} AND t."BookKey" = j."BookKey" AND t."ClientUserId" = j."ClientUserId" AND t."Retired" = j."Retired")
        """,
    ];

    protected internal override IReadOnlyList<string> InsertPeople { get; } =
    [
        """
        INSERT INTO "People" ("PublicId", "DirectoryId", "DisplayName", "UserPrincipalName", "Mail", "ManagedAppleAccount", "AccountEnabled", "Guest", "Language", "GoneSince")
        SELECT j."PublicId", j."DirectoryId", j."DisplayName", j."UserPrincipalName", j."Mail", j."ManagedAppleAccount", j."AccountEnabled", j."Guest", j."Language", NULL
        FROM OPENJSON({1}) WITH (
            "PublicId" uniqueidentifier '$[0]', "DirectoryId" uniqueidentifier '$[1]', "DisplayName" nvarchar(256) '$[2]', "UserPrincipalName" nvarchar(320) '$[3]',
            "Mail" nvarchar(320) '$[4]', "ManagedAppleAccount" nvarchar(320) '$[5]', "AccountEnabled" bit '$[6]', "Guest" bit '$[7]', "Language" varchar(2) '$[8]') AS j
        WHERE NOT EXISTS (SELECT 1 FROM "People" AS p WHERE p."DirectoryId" = j."DirectoryId")
        """,
    ];

    protected internal override IReadOnlyList<string> InsertNewWords { get; } =
    [
        """
        INSERT INTO "PersonWords" ("Word", "PersonId")
        SELECT j."Word", p."Id"
        FROM OPENJSON({1}) WITH ("PublicId" uniqueidentifier '$[0]', "Word" nvarchar(64) '$[1]') AS j
        JOIN "People" AS p ON p."PublicId" = j."PublicId"
        """,
    ];

    protected internal override IReadOnlyList<string> InsertWords { get; } =
    [
        """
        INSERT INTO "PersonWords" ("Word", "PersonId")
        SELECT j."Word", j."PersonId" FROM OPENJSON({1}) WITH ("PersonId" int '$[0]', "Word" nvarchar(64) '$[1]') AS j
        WHERE NOT EXISTS (SELECT 1 FROM "PersonWords" AS w WHERE w."PersonId" = j."PersonId" AND w."Word" = j."Word" COLLATE Latin1_General_100_BIN2)
        """,
    ];

    protected internal override IReadOnlyList<string> InsertMemberships { get; } =
    [
        """
        INSERT INTO "GroupMemberships" ("GroupId", "PersonId") SELECT {0}, j."PersonId" FROM OPENJSON({1}) WITH ("PersonId" int '$[0]') AS j
        """,
    ];

    protected internal override IReadOnlyList<string> InsertInbox { get; } =
    [
        """
        INSERT INTO "InboxNotifications" ("LocationId", "NotificationId", "Type", "EventId", "Assets", "ErrorNumber", "ReceivedAt", "FoldedAt")
        SELECT j."LocationId", j."NotificationId", j."Type", j."EventId", j."Assets", j."ErrorNumber", j."ReceivedAt", NULL
        FROM OPENJSON({1}) WITH (
            "LocationId" int '$[0]', "NotificationId" nvarchar(128) '$[1]', "Type" nvarchar(64) '$[2]', "EventId" nvarchar(128) '$[3]', "Assets" varchar(4000) '$[4]',
            "ErrorNumber" int '$[5]', "ReceivedAt" datetimeoffset '$[6]') AS j
        WHERE NOT EXISTS (SELECT 1 FROM "InboxNotifications" AS n WHERE n."LocationId" = j."LocationId" AND n."NotificationId" = j."NotificationId")
        """,
    ];

    protected internal override string SealEvents => Seal("AuditEvents");

    protected internal override string SealChanges => Seal("LicenseChanges");

    protected override object Moment(DateTimeOffset moment) => moment;

    protected override void WriteMoment(Utf8JsonWriter writer, DateTimeOffset moment) => writer.WriteStringValue(moment);

    private static string Seal(string table) => $$"""
        UPDATE "{{table}}" SET "Sequence" = j."Sequence", "Hash" = CONVERT(binary(32), j."Hash", 2), "SealedAt" = j."SealedAt"
        FROM OPENJSON({1}) WITH ("Id" bigint '$[0]', "Sequence" bigint '$[1]', "Hash" varchar(64) '$[2]', "SealedAt" datetimeoffset '$[3]') AS j
        WHERE "{{table}}"."Id" = j."Id" AND "{{table}}"."Sequence" IS NULL
        """;
}

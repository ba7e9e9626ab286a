namespace VppBooks.Core.Persistence;

/// <summary>
/// Triggers that write down every change of a license's state. In the database, because a statement that forgets to do it would otherwise leave a change
/// without its record (I9). Licenses that a sync finds as assigned need none: their own row says when and how.
/// </summary>
public static class LedgerTriggers
{
    /// <summary>Name of the table's trigger for EF: statements that return values are written differently for a table with triggers.</summary>
    public const string Name = "TR_Licenses_Changes";

    /// <summary>For SQLite, in the order to run them.</summary>
    public static IReadOnlyList<string> Sqlite { get; } =
    [
        """
        CREATE TRIGGER "TR_Licenses_Inserted" AFTER INSERT ON "Licenses" WHEN NEW."State" <> 4
        BEGIN
            INSERT INTO "LicenseChanges" ("LicenseId", "At", "From", "To", "Cause", "OperationId", "PlanId", "ErrorNumber", "BookId")
            VALUES (NEW."Id", NEW."ChangedAt", NULL, NEW."State", NEW."Cause", NEW."OperationId", NEW."PlanId", NEW."ErrorNumber", NEW."BookId");
        END
        """,
        """
        CREATE TRIGGER "TR_Licenses_Changes" AFTER UPDATE OF "State" ON "Licenses" WHEN NEW."State" <> OLD."State"
        BEGIN
            INSERT INTO "LicenseChanges" ("LicenseId", "At", "From", "To", "Cause", "OperationId", "PlanId", "ErrorNumber", "BookId")
            VALUES (NEW."Id", NEW."ChangedAt", OLD."State", NEW."State", NEW."Cause", NEW."OperationId", NEW."PlanId", NEW."ErrorNumber", NEW."BookId");
        END
        """,
    ];

    /// <summary>For SQL Server.</summary>
    public static IReadOnlyList<string> SqlServer { get; } =
    [
        """
        CREATE TRIGGER [TR_Licenses_Changes] ON [Licenses] AFTER INSERT, UPDATE AS
        BEGIN
            SET NOCOUNT ON;
            INSERT INTO [LicenseChanges] ([LicenseId], [At], [From], [To], [Cause], [OperationId], [PlanId], [ErrorNumber], [BookId])
            SELECT i.[Id], i.[ChangedAt], d.[State], i.[State], i.[Cause], i.[OperationId], i.[PlanId], i.[ErrorNumber], i.[BookId]
            FROM inserted AS i LEFT JOIN deleted AS d ON d.[Id] = i.[Id]
            WHERE (d.[Id] IS NULL AND i.[State] <> 4) OR d.[State] <> i.[State];
        END
        """,
    ];

    /// <summary>For SQLite, as they were first made: without the book. Migrations that ran do not change.</summary>
    public static IReadOnlyList<string> FirstSqlite { get; } =
    [
        """
        CREATE TRIGGER "TR_Licenses_Inserted" AFTER INSERT ON "Licenses" WHEN NEW."State" <> 4
        BEGIN
            INSERT INTO "LicenseChanges" ("LicenseId", "At", "From", "To", "Cause", "OperationId", "PlanId", "ErrorNumber")
            VALUES (NEW."Id", NEW."ChangedAt", NULL, NEW."State", NEW."Cause", NEW."OperationId", NEW."PlanId", NEW."ErrorNumber");
        END
        """,
        """
        CREATE TRIGGER "TR_Licenses_Changes" AFTER UPDATE OF "State" ON "Licenses" WHEN NEW."State" <> OLD."State"
        BEGIN
            INSERT INTO "LicenseChanges" ("LicenseId", "At", "From", "To", "Cause", "OperationId", "PlanId", "ErrorNumber")
            VALUES (NEW."Id", NEW."ChangedAt", OLD."State", NEW."State", NEW."Cause", NEW."OperationId", NEW."PlanId", NEW."ErrorNumber");
        END
        """,
    ];

    /// <summary>For SQL Server, as it was first made.</summary>
    public static IReadOnlyList<string> FirstSqlServer { get; } =
    [
        """
        CREATE TRIGGER [TR_Licenses_Changes] ON [Licenses] AFTER INSERT, UPDATE AS
        BEGIN
            SET NOCOUNT ON;
            INSERT INTO [LicenseChanges] ([LicenseId], [At], [From], [To], [Cause], [OperationId], [PlanId], [ErrorNumber])
            SELECT i.[Id], i.[ChangedAt], d.[State], i.[State], i.[Cause], i.[OperationId], i.[PlanId], i.[ErrorNumber]
            FROM inserted AS i LEFT JOIN deleted AS d ON d.[Id] = i.[Id]
            WHERE (d.[Id] IS NULL AND i.[State] <> 4) OR d.[State] <> i.[State];
        END
        """,
    ];
}

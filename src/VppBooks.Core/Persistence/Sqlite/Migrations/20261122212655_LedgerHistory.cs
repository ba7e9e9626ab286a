using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class LedgerHistory : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Before",
                table: "Plans",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "CommittedById",
                table: "Plans",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "CommittedByName",
                table: "Plans",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DecidedAt",
                table: "Plans",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DecidedByName",
                table: "Plans",
                type: "TEXT",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "GrownFrom",
                table: "Plans",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "GrownTo",
                table: "Plans",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "Kind",
                table: "Plans",
                type: "INTEGER",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<long>(
                name: "SendAt",
                table: "Plans",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "PolledAt",
                table: "Operations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "NotificationCheckedAt",
                table: "Locations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "NotificationErrorNumber",
                table: "Locations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "NotificationFormerHash",
                table: "Locations",
                type: "BLOB",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "NotificationLastAt",
                table: "Locations",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "NotificationSecretHash",
                table: "Locations",
                type: "BLOB",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "NotificationState",
                table: "Locations",
                type: "INTEGER",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<string>(
                name: "NotificationUrl",
                table: "Locations",
                type: "TEXT",
                maxLength: 512,
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "Cause",
                table: "Licenses",
                type: "INTEGER",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<int>(
                name: "WaitingRank",
                table: "Licenses",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "WantedAt",
                table: "Licenses",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<int>(
                name: "Rank",
                table: "GroupAssignments",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<bool>(
                name: "FollowWanted",
                table: "Books",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<byte>(
                name: "WaitingOrder",
                table: "Books",
                type: "INTEGER",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.CreateTable(
                name: "IdempotentRequests",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    ActorId = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Key = table.Column<string>(type: "TEXT", unicode: false, maxLength: 128, nullable: false),
                    Fingerprint = table.Column<string>(type: "TEXT", unicode: false, maxLength: 64, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Status = table.Column<int>(type: "INTEGER", nullable: true),
                    ContentType = table.Column<string>(type: "TEXT", unicode: false, maxLength: 128, nullable: true),
                    Body = table.Column<string>(type: "TEXT", nullable: true),
                    Location = table.Column<string>(type: "TEXT", maxLength: 512, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_IdempotentRequests", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "InboxNotifications",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    LocationId = table.Column<int>(type: "INTEGER", nullable: false),
                    NotificationId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    Type = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    EventId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    Assets = table.Column<string>(type: "TEXT", unicode: false, maxLength: 4000, nullable: true),
                    ErrorNumber = table.Column<int>(type: "INTEGER", nullable: true),
                    ReceivedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    FoldedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_InboxNotifications", x => x.Id);
                    table.ForeignKey(
                        name: "FK_InboxNotifications_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "LicenseChanges",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    LicenseId = table.Column<long>(type: "INTEGER", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false),
                    From = table.Column<byte>(type: "INTEGER", nullable: true),
                    To = table.Column<byte>(type: "INTEGER", nullable: false),
                    Cause = table.Column<byte>(type: "INTEGER", nullable: false),
                    OperationId = table.Column<long>(type: "INTEGER", nullable: true),
                    PlanId = table.Column<int>(type: "INTEGER", nullable: true),
                    ErrorNumber = table.Column<int>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_LicenseChanges", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_IdempotentRequests_ActorId_Key",
                table: "IdempotentRequests",
                columns: new[] { "ActorId", "Key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_IdempotentRequests_CreatedAt",
                table: "IdempotentRequests",
                column: "CreatedAt");

            migrationBuilder.CreateIndex(
                name: "IX_InboxNotifications_LocationId_FoldedAt",
                table: "InboxNotifications",
                columns: new[] { "LocationId", "FoldedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_InboxNotifications_LocationId_NotificationId",
                table: "InboxNotifications",
                columns: new[] { "LocationId", "NotificationId" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_LicenseChanges_LicenseId",
                table: "LicenseChanges",
                column: "LicenseId");

            // Rows of before: they were wanted when they were made, and the last change of each is all that is known.
            migrationBuilder.Sql("""UPDATE "Licenses" SET "WantedAt" = "CreatedAt" """);

            foreach (var trigger in LedgerTriggers.FirstSqlite)
            {
                migrationBuilder.Sql(trigger);
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""DROP TRIGGER "TR_Licenses_Inserted" """);
            migrationBuilder.Sql("""DROP TRIGGER "TR_Licenses_Changes" """);

            migrationBuilder.DropTable(
                name: "IdempotentRequests");

            migrationBuilder.DropTable(
                name: "InboxNotifications");

            migrationBuilder.DropTable(
                name: "LicenseChanges");

            migrationBuilder.DropColumn(
                name: "Before",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "CommittedById",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "CommittedByName",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "DecidedAt",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "DecidedByName",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "GrownFrom",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "GrownTo",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "Kind",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "SendAt",
                table: "Plans");

            migrationBuilder.DropColumn(
                name: "PolledAt",
                table: "Operations");

            migrationBuilder.DropColumn(
                name: "NotificationCheckedAt",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationErrorNumber",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationFormerHash",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationLastAt",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationSecretHash",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationState",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "NotificationUrl",
                table: "Locations");

            migrationBuilder.DropColumn(
                name: "Cause",
                table: "Licenses");

            migrationBuilder.DropColumn(
                name: "WaitingRank",
                table: "Licenses");

            migrationBuilder.DropColumn(
                name: "WantedAt",
                table: "Licenses");

            migrationBuilder.DropColumn(
                name: "Rank",
                table: "GroupAssignments");

            migrationBuilder.DropColumn(
                name: "FollowWanted",
                table: "Books");

            migrationBuilder.DropColumn(
                name: "WaitingOrder",
                table: "Books");
        }
    }
}

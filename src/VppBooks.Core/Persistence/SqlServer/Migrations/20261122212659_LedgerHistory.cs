using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
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
                type: "nvarchar(max)",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "CommittedById",
                table: "Plans",
                type: "nvarchar(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "CommittedByName",
                table: "Plans",
                type: "nvarchar(256)",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "DecidedAt",
                table: "Plans",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DecidedByName",
                table: "Plans",
                type: "nvarchar(256)",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "GrownFrom",
                table: "Plans",
                type: "int",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "GrownTo",
                table: "Plans",
                type: "int",
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "Kind",
                table: "Plans",
                type: "tinyint",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "SendAt",
                table: "Plans",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "PolledAt",
                table: "Operations",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "NotificationCheckedAt",
                table: "Locations",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "NotificationErrorNumber",
                table: "Locations",
                type: "int",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "NotificationFormerHash",
                table: "Locations",
                type: "binary(32)",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "NotificationLastAt",
                table: "Locations",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "NotificationSecretHash",
                table: "Locations",
                type: "binary(32)",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "NotificationState",
                table: "Locations",
                type: "tinyint",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<string>(
                name: "NotificationUrl",
                table: "Locations",
                type: "nvarchar(512)",
                maxLength: 512,
                nullable: true);

            migrationBuilder.AddColumn<byte>(
                name: "Cause",
                table: "Licenses",
                type: "tinyint",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.AddColumn<int>(
                name: "WaitingRank",
                table: "Licenses",
                type: "int",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "WantedAt",
                table: "Licenses",
                type: "datetimeoffset",
                nullable: false,
                defaultValue: new DateTimeOffset(new DateTime(1, 1, 1, 0, 0, 0, 0, DateTimeKind.Unspecified), new TimeSpan(0, 0, 0, 0, 0)));

            migrationBuilder.AddColumn<int>(
                name: "Rank",
                table: "GroupAssignments",
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<bool>(
                name: "FollowWanted",
                table: "Books",
                type: "bit",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<byte>(
                name: "WaitingOrder",
                table: "Books",
                type: "tinyint",
                nullable: false,
                defaultValue: (byte)0);

            migrationBuilder.CreateTable(
                name: "IdempotentRequests",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    ActorId = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    Key = table.Column<string>(type: "varchar(128)", unicode: false, maxLength: 128, nullable: false),
                    Fingerprint = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    Status = table.Column<int>(type: "int", nullable: true),
                    ContentType = table.Column<string>(type: "varchar(128)", unicode: false, maxLength: 128, nullable: true),
                    Body = table.Column<string>(type: "nvarchar(max)", nullable: true),
                    Location = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_IdempotentRequests", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "InboxNotifications",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    NotificationId = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false),
                    Type = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    EventId = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: true),
                    Assets = table.Column<string>(type: "varchar(4000)", unicode: false, maxLength: 4000, nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true),
                    ReceivedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    FoldedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true)
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
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    LicenseId = table.Column<long>(type: "bigint", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    From = table.Column<byte>(type: "tinyint", nullable: true),
                    To = table.Column<byte>(type: "tinyint", nullable: false),
                    Cause = table.Column<byte>(type: "tinyint", nullable: false),
                    OperationId = table.Column<long>(type: "bigint", nullable: true),
                    PlanId = table.Column<int>(type: "int", nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true)
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

            foreach (var trigger in LedgerTriggers.FirstSqlServer)
            {
                migrationBuilder.Sql($"EXEC(N'{trigger}')");
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
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

using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class FailedDeliveries : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "FailedAt",
                table: "AlertDeliveries",
                type: "datetimeoffset",
                nullable: true);

            // Tokens that were deleted ended their plans: none of those says what stands once the location is connected again.
            migrationBuilder.Sql(
                """
                UPDATE "Plans" SET "Before" = NULL
                WHERE "Before" IS NOT NULL AND EXISTS (
                    SELECT 1 FROM "Books" AS b JOIN "AuditEvents" AS a ON a."LocationId" = b."LocationId"
                    WHERE b."Id" = "Plans"."BookId" AND a."Action" = 'location.deleted' AND a."At" >= "Plans"."CommittedAt")
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "FailedAt",
                table: "AlertDeliveries");
        }
    }
}

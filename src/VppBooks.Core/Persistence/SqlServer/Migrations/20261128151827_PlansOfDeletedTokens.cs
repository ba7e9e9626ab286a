using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class PlansOfDeletedTokens : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // As deleting a token does from now on: nobody decides on its plans any more, and none says what stands once the location is connected again.
            migrationBuilder.Sql(
                """
                UPDATE "Plans" SET "State" = 5, "DecidedAt" = (SELECT MAX(a."At") FROM "AuditEvents" AS a JOIN "Books" AS b ON a."LocationId" = b."LocationId" WHERE b."Id" = "Plans"."BookId" AND a."Action" = 'location.deleted')
                WHERE "State" IN (3, 4) AND EXISTS (
                    SELECT 1 FROM "Books" AS b JOIN "AuditEvents" AS a ON a."LocationId" = b."LocationId"
                    WHERE b."Id" = "Plans"."BookId" AND a."Action" = 'location.deleted' AND a."At" >= "Plans"."CommittedAt")
                """);
            migrationBuilder.Sql(
                """
                UPDATE "Plans" SET "Before" = NULL
                WHERE "Before" IS NOT NULL AND EXISTS (
                    SELECT 1 FROM "Books" AS b JOIN "AuditEvents" AS a ON a."LocationId" = b."LocationId"
                    WHERE b."Id" = "Plans"."BookId" AND a."Action" = 'location.deleted' AND a."At" >= "Plans"."CommittedAt")
                """);
            // When an attempt failed was not kept; when its message was made is the best that is known.
            migrationBuilder.Sql("""UPDATE "AlertDeliveries" SET "FailedAt" = "CreatedAt" WHERE "FailedAt" IS NULL AND "Failure" IS NOT NULL""");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // What was ended stays ended.
        }
    }
}

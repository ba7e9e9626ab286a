using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class ChangesOfBooks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "BookId",
                table: "LicenseChanges",
                type: "int",
                nullable: true);
            Replace(migrationBuilder, LedgerTriggers.SqlServer);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            Replace(migrationBuilder, LedgerTriggers.FirstSqlServer);
            migrationBuilder.DropColumn(
                name: "BookId",
                table: "LicenseChanges");
        }

        private static void Replace(MigrationBuilder migrationBuilder, IReadOnlyList<string> triggers)
        {
            migrationBuilder.Sql("DROP TRIGGER [TR_Licenses_Changes]");
            foreach (var trigger in triggers)
            {
                migrationBuilder.Sql($"EXEC(N'{trigger}')");
            }
        }
    }
}

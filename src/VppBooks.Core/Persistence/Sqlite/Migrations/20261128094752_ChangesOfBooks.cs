using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
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
                type: "INTEGER",
                nullable: true);
            Replace(migrationBuilder, LedgerTriggers.Sqlite);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            Replace(migrationBuilder, LedgerTriggers.FirstSqlite);
            migrationBuilder.DropColumn(
                name: "BookId",
                table: "LicenseChanges");
        }

        private static void Replace(MigrationBuilder migrationBuilder, IReadOnlyList<string> triggers)
        {
            migrationBuilder.Sql("""DROP TRIGGER "TR_Licenses_Inserted" """);
            migrationBuilder.Sql("""DROP TRIGGER "TR_Licenses_Changes" """);
            foreach (var trigger in triggers)
            {
                migrationBuilder.Sql(trigger);
            }
        }
    }
}

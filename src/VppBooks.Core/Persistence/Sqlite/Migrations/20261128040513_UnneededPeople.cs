using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class UnneededPeople : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "LeavingSince",
                table: "VppUsers",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "UnneededSince",
                table: "People",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Properties",
                table: "DirectoryCursors",
                type: "TEXT",
                unicode: false,
                maxLength: 512,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_PlanLines_PersonId",
                table: "PlanLines",
                column: "PersonId");

            migrationBuilder.CreateIndex(
                name: "IX_People_UnneededSince",
                table: "People",
                column: "UnneededSince");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_PlanLines_PersonId",
                table: "PlanLines");

            migrationBuilder.DropIndex(
                name: "IX_People_UnneededSince",
                table: "People");

            migrationBuilder.DropColumn(
                name: "LeavingSince",
                table: "VppUsers");

            migrationBuilder.DropColumn(
                name: "UnneededSince",
                table: "People");

            migrationBuilder.DropColumn(
                name: "Properties",
                table: "DirectoryCursors");
        }
    }
}

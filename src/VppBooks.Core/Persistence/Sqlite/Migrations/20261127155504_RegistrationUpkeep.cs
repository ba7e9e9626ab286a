using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class RegistrationUpkeep : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "AcceptanceRequired",
                table: "VppUsers",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<bool>(
                name: "UpdateWanted",
                table: "VppUsers",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "AcceptanceRequired",
                table: "VppUsers");

            migrationBuilder.DropColumn(
                name: "UpdateWanted",
                table: "VppUsers");
        }
    }
}

using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class DirectoryHealthPerKind : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "UnreadableSince",
                table: "Groups",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "GroupsFailingSince",
                table: "DirectoryStates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "PeopleFailingSince",
                table: "DirectoryStates",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "UnreadableSince",
                table: "Groups");

            migrationBuilder.DropColumn(
                name: "GroupsFailingSince",
                table: "DirectoryStates");

            migrationBuilder.DropColumn(
                name: "PeopleFailingSince",
                table: "DirectoryStates");
        }
    }
}

using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class RememberMovedMail : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "MailMoved",
                table: "VppUsers",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "MailMoved",
                table: "VppUsers");
        }
    }
}

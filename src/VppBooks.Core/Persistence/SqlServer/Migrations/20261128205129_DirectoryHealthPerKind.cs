using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class DirectoryHealthPerKind : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "UnreadableSince",
                table: "Groups",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "GroupsFailingSince",
                table: "DirectoryStates",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "PeopleFailingSince",
                table: "DirectoryStates",
                type: "datetimeoffset",
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

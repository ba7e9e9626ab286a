using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class DirectoryChanges : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "ChangeMark",
                table: "Groups",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "CheckedAt",
                table: "Groups",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ReadMark",
                table: "Groups",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "ViewedAt",
                table: "Groups",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AllUsersChangeMark",
                table: "DirectoryStates",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "AllUsersCheckedAt",
                table: "DirectoryStates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AllUsersReadMark",
                table: "DirectoryStates",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "DirectoryCursors",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Kind = table.Column<byte>(type: "INTEGER", nullable: false),
                    Groups = table.Column<string>(type: "TEXT", unicode: false, maxLength: 1650, nullable: false),
                    Link = table.Column<string>(type: "TEXT", unicode: false, maxLength: 8000, nullable: false),
                    ReadAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DirectoryCursors", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "GroupNestings",
                columns: table => new
                {
                    GroupId = table.Column<int>(type: "INTEGER", nullable: false),
                    NestedId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_GroupNestings", x => new { x.GroupId, x.NestedId });
                    table.ForeignKey(
                        name: "FK_GroupNestings_Groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "Groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_GroupNestings_NestedId",
                table: "GroupNestings",
                column: "NestedId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "DirectoryCursors");

            migrationBuilder.DropTable(
                name: "GroupNestings");

            migrationBuilder.DropColumn(
                name: "ChangeMark",
                table: "Groups");

            migrationBuilder.DropColumn(
                name: "CheckedAt",
                table: "Groups");

            migrationBuilder.DropColumn(
                name: "ReadMark",
                table: "Groups");

            migrationBuilder.DropColumn(
                name: "ViewedAt",
                table: "Groups");

            migrationBuilder.DropColumn(
                name: "AllUsersChangeMark",
                table: "DirectoryStates");

            migrationBuilder.DropColumn(
                name: "AllUsersCheckedAt",
                table: "DirectoryStates");

            migrationBuilder.DropColumn(
                name: "AllUsersReadMark",
                table: "DirectoryStates");
        }
    }
}

using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
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
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "CheckedAt",
                table: "Groups",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ReadMark",
                table: "Groups",
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "ViewedAt",
                table: "Groups",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AllUsersChangeMark",
                table: "DirectoryStates",
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "AllUsersCheckedAt",
                table: "DirectoryStates",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AllUsersReadMark",
                table: "DirectoryStates",
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "DirectoryCursors",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    Kind = table.Column<byte>(type: "tinyint", nullable: false),
                    Groups = table.Column<string>(type: "varchar(1650)", unicode: false, maxLength: 1650, nullable: false),
                    Link = table.Column<string>(type: "varchar(8000)", unicode: false, maxLength: 8000, nullable: false),
                    ReadAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DirectoryCursors", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "GroupNestings",
                columns: table => new
                {
                    GroupId = table.Column<int>(type: "int", nullable: false),
                    NestedId = table.Column<Guid>(type: "uniqueidentifier", nullable: false)
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

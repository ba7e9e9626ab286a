using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class UnneededPeople : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "LeavingSince",
                table: "VppUsers",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "UnneededSince",
                table: "People",
                type: "datetimeoffset",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Properties",
                table: "DirectoryCursors",
                type: "varchar(512)",
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

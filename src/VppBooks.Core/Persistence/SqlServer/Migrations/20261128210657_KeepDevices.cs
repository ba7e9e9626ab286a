using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class KeepDevices : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "DeviceId",
                table: "ManagedDevices",
                type: "uniqueidentifier",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_ManagedDevices_PersonId_DeviceId",
                table: "ManagedDevices",
                columns: new[] { "PersonId", "DeviceId" },
                unique: true,
                filter: "[DeviceId] IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_ManagedDevices_PersonId_DeviceId",
                table: "ManagedDevices");

            migrationBuilder.DropColumn(
                name: "DeviceId",
                table: "ManagedDevices");
        }
    }
}

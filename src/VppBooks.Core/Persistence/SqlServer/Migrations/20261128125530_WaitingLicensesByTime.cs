using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class WaitingLicensesByTime : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Licenses_BookId_State",
                table: "Licenses");

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_BookId_State_WantedAt",
                table: "Licenses",
                columns: new[] { "BookId", "State", "WantedAt" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Licenses_BookId_State_WantedAt",
                table: "Licenses");

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_BookId_State",
                table: "Licenses",
                columns: new[] { "BookId", "State" });
        }
    }
}

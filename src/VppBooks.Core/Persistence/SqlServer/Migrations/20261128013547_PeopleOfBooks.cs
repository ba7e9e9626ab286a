using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class PeopleOfBooks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "WaitedBefore",
                table: "Plans",
                type: "int",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_BookId_PersonId",
                table: "Licenses",
                columns: new[] { "BookId", "PersonId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Licenses_BookId_PersonId",
                table: "Licenses");

            migrationBuilder.DropColumn(
                name: "WaitedBefore",
                table: "Plans");
        }
    }
}

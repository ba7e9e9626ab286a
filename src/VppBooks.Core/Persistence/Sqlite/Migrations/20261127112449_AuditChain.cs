using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

#pragma warning disable CA1814 // Prefer jagged arrays over multidimensional

namespace VppBooks.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class AuditChain : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "Hash",
                table: "LicenseChanges",
                type: "BLOB",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SealedAt",
                table: "LicenseChanges",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "Sequence",
                table: "LicenseChanges",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Correlation",
                table: "AuditEvents",
                type: "TEXT",
                unicode: false,
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "Hash",
                table: "AuditEvents",
                type: "BLOB",
                fixedLength: true,
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SealedAt",
                table: "AuditEvents",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "Sequence",
                table: "AuditEvents",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "AuditChainHeads",
                columns: table => new
                {
                    Id = table.Column<byte>(type: "INTEGER", nullable: false),
                    Sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    Hash = table.Column<byte[]>(type: "BLOB", fixedLength: true, maxLength: 32, nullable: false),
                    SealedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Signature = table.Column<byte[]>(type: "BLOB", maxLength: 4000, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AuditChainHeads", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "AuditForwardings",
                columns: table => new
                {
                    Target = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    Events = table.Column<long>(type: "INTEGER", nullable: false),
                    Licenses = table.Column<long>(type: "INTEGER", nullable: false),
                    Owner = table.Column<string>(type: "TEXT", unicode: false, maxLength: 64, nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AuditForwardings", x => x.Target);
                });

            migrationBuilder.CreateTable(
                name: "BookCountSnapshots",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    BookId = table.Column<int>(type: "INTEGER", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false),
                    TotalCount = table.Column<long>(type: "INTEGER", nullable: false),
                    AssignedCount = table.Column<long>(type: "INTEGER", nullable: false),
                    AvailableCount = table.Column<long>(type: "INTEGER", nullable: false),
                    RetiredCount = table.Column<long>(type: "INTEGER", nullable: false),
                    Unlimited = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_BookCountSnapshots", x => x.Id);
                    table.ForeignKey(
                        name: "FK_BookCountSnapshots_Books_BookId",
                        column: x => x.BookId,
                        principalTable: "Books",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.InsertData(
                table: "AuditChainHeads",
                columns: new[] { "Id", "Hash", "SealedAt", "Sequence", "Signature" },
                values: new object[,]
                {
                    { (byte)1, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, null, 0L, null },
                    { (byte)2, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, null, 0L, null }
                });

            migrationBuilder.CreateIndex(
                name: "IX_LicenseChanges_At",
                table: "LicenseChanges",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_LicenseChanges_Sequence",
                table: "LicenseChanges",
                column: "Sequence");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_ActorId",
                table: "AuditEvents",
                column: "ActorId");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_GroupId",
                table: "AuditEvents",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_Sequence",
                table: "AuditEvents",
                column: "Sequence");

            migrationBuilder.CreateIndex(
                name: "IX_BookCountSnapshots_At",
                table: "BookCountSnapshots",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_BookCountSnapshots_BookId",
                table: "BookCountSnapshots",
                column: "BookId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "AuditChainHeads");

            migrationBuilder.DropTable(
                name: "AuditForwardings");

            migrationBuilder.DropTable(
                name: "BookCountSnapshots");

            migrationBuilder.DropIndex(
                name: "IX_LicenseChanges_At",
                table: "LicenseChanges");

            migrationBuilder.DropIndex(
                name: "IX_LicenseChanges_Sequence",
                table: "LicenseChanges");

            migrationBuilder.DropIndex(
                name: "IX_AuditEvents_ActorId",
                table: "AuditEvents");

            migrationBuilder.DropIndex(
                name: "IX_AuditEvents_GroupId",
                table: "AuditEvents");

            migrationBuilder.DropIndex(
                name: "IX_AuditEvents_Sequence",
                table: "AuditEvents");

            migrationBuilder.DropColumn(
                name: "Hash",
                table: "LicenseChanges");

            migrationBuilder.DropColumn(
                name: "SealedAt",
                table: "LicenseChanges");

            migrationBuilder.DropColumn(
                name: "Sequence",
                table: "LicenseChanges");

            migrationBuilder.DropColumn(
                name: "Correlation",
                table: "AuditEvents");

            migrationBuilder.DropColumn(
                name: "Hash",
                table: "AuditEvents");

            migrationBuilder.DropColumn(
                name: "SealedAt",
                table: "AuditEvents");

            migrationBuilder.DropColumn(
                name: "Sequence",
                table: "AuditEvents");
        }
    }
}

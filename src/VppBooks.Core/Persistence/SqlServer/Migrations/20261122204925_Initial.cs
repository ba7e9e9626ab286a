using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VppBooks.Core.Persistence.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "AuditEvents",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    At = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    ActorKind = table.Column<byte>(type: "tinyint", nullable: false),
                    ActorId = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    ActorName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    Action = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: false),
                    LocationId = table.Column<int>(type: "int", nullable: true),
                    BookId = table.Column<int>(type: "int", nullable: true),
                    GroupId = table.Column<int>(type: "int", nullable: true),
                    PersonId = table.Column<int>(type: "int", nullable: true),
                    OperationId = table.Column<long>(type: "bigint", nullable: true),
                    Details = table.Column<string>(type: "nvarchar(max)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_AuditEvents", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "DirectoryStates",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false),
                    AllUsersReadAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    FailingSince = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    ConsentMissing = table.Column<bool>(type: "bit", nullable: false),
                    RetryAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DirectoryStates", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Groups",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    DirectoryId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    DisplayName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    Description = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true),
                    SecurityEnabled = table.Column<bool>(type: "bit", nullable: false),
                    Dynamic = table.Column<bool>(type: "bit", nullable: false),
                    Unified = table.Column<bool>(type: "bit", nullable: false),
                    DeviceGroup = table.Column<bool>(type: "bit", nullable: false),
                    State = table.Column<byte>(type: "tinyint", nullable: false),
                    MembersReadAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    MemberCount = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Groups", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "Locations",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    UId = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: false),
                    Name = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    OrganizationName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    LocationName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    AppleAccount = table.Column<string>(type: "nvarchar(320)", maxLength: 320, nullable: false),
                    AccountType = table.Column<byte>(type: "tinyint", nullable: false),
                    CountryOrRegion = table.Column<string>(type: "varchar(2)", unicode: false, maxLength: 2, nullable: false),
                    DefaultPlatform = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: true),
                    WebsiteUrl = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true),
                    TokenSecret = table.Column<byte[]>(type: "varbinary(8000)", maxLength: 8000, nullable: true),
                    TokenFingerprint = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: true),
                    TokenExpires = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    State = table.Column<byte>(type: "tinyint", nullable: false),
                    StateErrorNumber = table.Column<int>(type: "int", nullable: true),
                    ReadOnly = table.Column<bool>(type: "bit", nullable: false),
                    ClaimId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    ClaimConfirmed = table.Column<bool>(type: "bit", nullable: false),
                    ClaimedByName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: true),
                    ClaimedByMetadata = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true),
                    ConsentGranted = table.Column<bool>(type: "bit", nullable: false),
                    MustReadFirst = table.Column<bool>(type: "bit", nullable: false),
                    PausedUntil = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    SyncStatus = table.Column<byte>(type: "tinyint", nullable: false),
                    SyncWanted = table.Column<byte>(type: "tinyint", nullable: true),
                    SyncWantedByName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: true),
                    LastSyncedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    LastFullSyncAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    UsersVersionId = table.Column<string>(type: "varchar(128)", unicode: false, maxLength: 128, nullable: true),
                    AssignmentsVersionId = table.Column<string>(type: "varchar(128)", unicode: false, maxLength: 128, nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    ModifiedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    DeletedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    Version = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Locations", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "People",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    DirectoryId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    DisplayName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    UserPrincipalName = table.Column<string>(type: "nvarchar(320)", maxLength: 320, nullable: false),
                    Mail = table.Column<string>(type: "nvarchar(320)", maxLength: 320, nullable: true),
                    ManagedAppleAccount = table.Column<string>(type: "nvarchar(320)", maxLength: 320, nullable: true),
                    AccountEnabled = table.Column<bool>(type: "bit", nullable: false),
                    Guest = table.Column<bool>(type: "bit", nullable: false),
                    GoneSince = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_People", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "RingKeys",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    FriendlyName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    Xml = table.Column<string>(type: "nvarchar(max)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RingKeys", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "StagedAssignments",
                columns: table => new
                {
                    RunId = table.Column<int>(type: "int", nullable: false),
                    BookKey = table.Column<int>(type: "int", nullable: false),
                    ClientUserId = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    Retired = table.Column<bool>(type: "bit", nullable: false),
                    Status = table.Column<byte>(type: "tinyint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StagedAssignments", x => new { x.RunId, x.BookKey, x.ClientUserId, x.Retired });
                });

            migrationBuilder.CreateTable(
                name: "StagedBooks",
                columns: table => new
                {
                    RunId = table.Column<int>(type: "int", nullable: false),
                    Key = table.Column<int>(type: "int", nullable: false),
                    BookId = table.Column<int>(type: "int", nullable: true),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    AdamId = table.Column<long>(type: "bigint", nullable: false),
                    PricingParam = table.Column<byte>(type: "tinyint", nullable: false),
                    TotalCount = table.Column<long>(type: "bigint", nullable: false),
                    AssignedCount = table.Column<long>(type: "bigint", nullable: false),
                    AvailableCount = table.Column<long>(type: "bigint", nullable: false),
                    RetiredCount = table.Column<long>(type: "bigint", nullable: false),
                    Unlimited = table.Column<bool>(type: "bit", nullable: false),
                    Complete = table.Column<bool>(type: "bit", nullable: false),
                    Excess = table.Column<bool>(type: "bit", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StagedBooks", x => new { x.RunId, x.Key });
                });

            migrationBuilder.CreateTable(
                name: "StagedLicenses",
                columns: table => new
                {
                    RunId = table.Column<int>(type: "int", nullable: false),
                    PersonId = table.Column<int>(type: "int", nullable: false),
                    BookId = table.Column<int>(type: "int", nullable: false),
                    AdamId = table.Column<long>(type: "bigint", nullable: false),
                    Copies = table.Column<int>(type: "int", nullable: false),
                    Finding = table.Column<byte>(type: "tinyint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StagedLicenses", x => new { x.RunId, x.PersonId, x.BookId });
                });

            migrationBuilder.CreateTable(
                name: "StagedUsers",
                columns: table => new
                {
                    RunId = table.Column<int>(type: "int", nullable: false),
                    ClientUserId = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    Retired = table.Column<bool>(type: "bit", nullable: false),
                    Status = table.Column<byte>(type: "tinyint", nullable: false),
                    IdHash = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: true, collation: "Latin1_General_100_BIN2"),
                    InviteSecret = table.Column<byte[]>(type: "varbinary(512)", maxLength: 512, nullable: true),
                    InviteHash = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StagedUsers", x => new { x.RunId, x.ClientUserId, x.Retired });
                });

            migrationBuilder.CreateTable(
                name: "Titles",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    AdamId = table.Column<long>(type: "bigint", nullable: false),
                    Storefront = table.Column<string>(type: "varchar(2)", unicode: false, maxLength: 2, nullable: false),
                    Name = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true),
                    Author = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true),
                    Description = table.Column<string>(type: "nvarchar(max)", nullable: true),
                    Seller = table.Column<string>(type: "nvarchar(512)", maxLength: 512, nullable: true),
                    Language = table.Column<string>(type: "nvarchar(16)", maxLength: 16, nullable: true),
                    Isbn = table.Column<string>(type: "varchar(32)", unicode: false, maxLength: 32, nullable: true),
                    Genres = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: false),
                    ReleaseDate = table.Column<DateOnly>(type: "date", nullable: true),
                    StoreUrl = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true),
                    ArtworkUrl = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true),
                    HasCover = table.Column<bool>(type: "bit", nullable: false),
                    LookedUpAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    LookUpAgainAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Titles", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "LocationLeases",
                columns: table => new
                {
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    Owner = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: false),
                    FenceToken = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_LocationLeases", x => x.LocationId);
                    table.ForeignKey(
                        name: "FK_LocationLeases_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Operations",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    Kind = table.Column<byte>(type: "tinyint", nullable: false),
                    State = table.Column<byte>(type: "tinyint", nullable: false),
                    FenceToken = table.Column<long>(type: "bigint", nullable: false),
                    Tasks = table.Column<int>(type: "int", nullable: false),
                    TasksDone = table.Column<int>(type: "int", nullable: false),
                    EventId = table.Column<string>(type: "varchar(128)", unicode: false, maxLength: 128, nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true),
                    Detail = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    NextCheckAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    Polls = table.Column<int>(type: "int", nullable: false),
                    FirstAbsentAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    SettledAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Operations", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Operations_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "SyncRuns",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    Reason = table.Column<byte>(type: "tinyint", nullable: false),
                    RequestedByName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: true),
                    Full = table.Column<bool>(type: "bit", nullable: false),
                    Result = table.Column<byte>(type: "tinyint", nullable: false),
                    Phase = table.Column<byte>(type: "tinyint", nullable: false),
                    StartedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    EndedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true),
                    Requests = table.Column<int>(type: "int", nullable: false),
                    Pages = table.Column<int>(type: "int", nullable: false),
                    BooksRead = table.Column<int>(type: "int", nullable: false),
                    PeopleRead = table.Column<int>(type: "int", nullable: false),
                    AssignmentsRead = table.Column<int>(type: "int", nullable: false),
                    RowsChanged = table.Column<int>(type: "int", nullable: false),
                    Phases = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true),
                    ErrorCode = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: true),
                    ErrorDetail = table.Column<string>(type: "nvarchar(1024)", maxLength: 1024, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SyncRuns", x => x.Id);
                    table.ForeignKey(
                        name: "FK_SyncRuns_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "GroupMemberships",
                columns: table => new
                {
                    GroupId = table.Column<int>(type: "int", nullable: false),
                    PersonId = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_GroupMemberships", x => new { x.GroupId, x.PersonId });
                    table.ForeignKey(
                        name: "FK_GroupMemberships_Groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "Groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_GroupMemberships_People_PersonId",
                        column: x => x.PersonId,
                        principalTable: "People",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "VppUsers",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    PersonId = table.Column<int>(type: "int", nullable: true),
                    ClientUserId = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    Retired = table.Column<bool>(type: "bit", nullable: false),
                    Status = table.Column<byte>(type: "tinyint", nullable: false),
                    IdHash = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: true, collation: "Latin1_General_100_BIN2"),
                    InviteSecret = table.Column<byte[]>(type: "varbinary(512)", maxLength: 512, nullable: true),
                    InviteHash = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: true),
                    OperationId = table.Column<long>(type: "bigint", nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true),
                    ManagedAccountRefused = table.Column<bool>(type: "bit", nullable: false),
                    MailRefused = table.Column<bool>(type: "bit", nullable: false),
                    Attempts = table.Column<byte>(type: "tinyint", nullable: false),
                    ChangedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_VppUsers", x => x.Id);
                    table.ForeignKey(
                        name: "FK_VppUsers_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_VppUsers_People_PersonId",
                        column: x => x.PersonId,
                        principalTable: "People",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "Books",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    LocationId = table.Column<int>(type: "int", nullable: false),
                    AdamId = table.Column<long>(type: "bigint", nullable: false),
                    PricingParam = table.Column<byte>(type: "tinyint", nullable: false),
                    TotalCount = table.Column<long>(type: "bigint", nullable: false),
                    AssignedCount = table.Column<long>(type: "bigint", nullable: false),
                    AvailableCount = table.Column<long>(type: "bigint", nullable: false),
                    RetiredCount = table.Column<long>(type: "bigint", nullable: false),
                    Unlimited = table.Column<bool>(type: "bit", nullable: false),
                    NoLongerReported = table.Column<bool>(type: "bit", nullable: false),
                    TitleId = table.Column<int>(type: "int", nullable: true),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    ModifiedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    Version = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Books", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Books_Locations_LocationId",
                        column: x => x.LocationId,
                        principalTable: "Locations",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_Books_Titles_TitleId",
                        column: x => x.TitleId,
                        principalTable: "Titles",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateTable(
                name: "Covers",
                columns: table => new
                {
                    TitleId = table.Column<int>(type: "int", nullable: false),
                    ContentType = table.Column<string>(type: "varchar(32)", unicode: false, maxLength: 32, nullable: false),
                    Content = table.Column<byte[]>(type: "varbinary(max)", nullable: false),
                    FetchedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Covers", x => x.TitleId);
                    table.ForeignKey(
                        name: "FK_Covers_Titles_TitleId",
                        column: x => x.TitleId,
                        principalTable: "Titles",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "ForeignHoldings",
                columns: table => new
                {
                    BookId = table.Column<int>(type: "int", nullable: false),
                    VppUserId = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ForeignHoldings", x => new { x.BookId, x.VppUserId });
                    table.ForeignKey(
                        name: "FK_ForeignHoldings_Books_BookId",
                        column: x => x.BookId,
                        principalTable: "Books",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_ForeignHoldings_VppUsers_VppUserId",
                        column: x => x.VppUserId,
                        principalTable: "VppUsers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "GroupAssignments",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    BookId = table.Column<int>(type: "int", nullable: false),
                    GroupId = table.Column<int>(type: "int", nullable: true),
                    Intent = table.Column<byte>(type: "tinyint", nullable: false),
                    AssignedById = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    AssignedByName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    AssignedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_GroupAssignments", x => x.Id);
                    table.ForeignKey(
                        name: "FK_GroupAssignments_Books_BookId",
                        column: x => x.BookId,
                        principalTable: "Books",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_GroupAssignments_Groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "Groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "Licenses",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    BookId = table.Column<int>(type: "int", nullable: false),
                    PersonId = table.Column<int>(type: "int", nullable: false),
                    AdamId = table.Column<long>(type: "bigint", nullable: false),
                    Ordinal = table.Column<byte>(type: "tinyint", nullable: false),
                    State = table.Column<byte>(type: "tinyint", nullable: false),
                    Source = table.Column<byte>(type: "tinyint", nullable: false),
                    OperationId = table.Column<long>(type: "bigint", nullable: true),
                    PlanId = table.Column<int>(type: "int", nullable: true),
                    ErrorNumber = table.Column<int>(type: "int", nullable: true),
                    Attempts = table.Column<byte>(type: "tinyint", nullable: false),
                    MissedOnce = table.Column<bool>(type: "bit", nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    ChangedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Licenses", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Licenses_Books_BookId",
                        column: x => x.BookId,
                        principalTable: "Books",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_Licenses_People_PersonId",
                        column: x => x.PersonId,
                        principalTable: "People",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "Plans",
                columns: table => new
                {
                    Id = table.Column<int>(type: "int", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    PublicId = table.Column<Guid>(type: "uniqueidentifier", nullable: false),
                    BookId = table.Column<int>(type: "int", nullable: false),
                    Wish = table.Column<string>(type: "nvarchar(max)", nullable: false),
                    Hash = table.Column<string>(type: "varchar(64)", unicode: false, maxLength: 64, nullable: false),
                    State = table.Column<byte>(type: "tinyint", nullable: false),
                    GetNow = table.Column<int>(type: "int", nullable: false),
                    AlreadyHave = table.Column<int>(type: "int", nullable: false),
                    RegisterFirst = table.Column<int>(type: "int", nullable: false),
                    InviteFirst = table.Column<int>(type: "int", nullable: false),
                    Cannot = table.Column<int>(type: "int", nullable: false),
                    Wait = table.Column<int>(type: "int", nullable: false),
                    Release = table.Column<int>(type: "int", nullable: false),
                    CreatedById = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false),
                    CreatedByName = table.Column<string>(type: "nvarchar(256)", maxLength: 256, nullable: false),
                    CreatedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: false),
                    CommittedAt = table.Column<DateTimeOffset>(type: "datetimeoffset", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Plans", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Plans_Books_BookId",
                        column: x => x.BookId,
                        principalTable: "Books",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "PlanLines",
                columns: table => new
                {
                    PlanId = table.Column<int>(type: "int", nullable: false),
                    PersonId = table.Column<int>(type: "int", nullable: false),
                    Outcome = table.Column<byte>(type: "tinyint", nullable: false),
                    Reason = table.Column<byte>(type: "tinyint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_PlanLines", x => new { x.PlanId, x.PersonId });
                    table.ForeignKey(
                        name: "FK_PlanLines_Plans_PlanId",
                        column: x => x.PlanId,
                        principalTable: "Plans",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_At",
                table: "AuditEvents",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_BookId",
                table: "AuditEvents",
                column: "BookId");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_LocationId",
                table: "AuditEvents",
                column: "LocationId");

            migrationBuilder.CreateIndex(
                name: "IX_AuditEvents_PersonId",
                table: "AuditEvents",
                column: "PersonId");

            migrationBuilder.CreateIndex(
                name: "IX_Books_AdamId",
                table: "Books",
                column: "AdamId");

            migrationBuilder.CreateIndex(
                name: "IX_Books_LocationId_AdamId_PricingParam",
                table: "Books",
                columns: new[] { "LocationId", "AdamId", "PricingParam" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Books_PublicId",
                table: "Books",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Books_TitleId",
                table: "Books",
                column: "TitleId");

            migrationBuilder.CreateIndex(
                name: "IX_ForeignHoldings_VppUserId",
                table: "ForeignHoldings",
                column: "VppUserId");

            migrationBuilder.CreateIndex(
                name: "IX_GroupAssignments_BookId_GroupId",
                table: "GroupAssignments",
                columns: new[] { "BookId", "GroupId" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_GroupAssignments_GroupId",
                table: "GroupAssignments",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_GroupAssignments_PublicId",
                table: "GroupAssignments",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_GroupMemberships_PersonId",
                table: "GroupMemberships",
                column: "PersonId");

            migrationBuilder.CreateIndex(
                name: "IX_Groups_DirectoryId",
                table: "Groups",
                column: "DirectoryId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_BookId_State",
                table: "Licenses",
                columns: new[] { "BookId", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_OperationId",
                table: "Licenses",
                column: "OperationId");

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_PersonId_AdamId_Ordinal",
                table: "Licenses",
                columns: new[] { "PersonId", "AdamId", "Ordinal" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Licenses_PlanId",
                table: "Licenses",
                column: "PlanId");

            migrationBuilder.CreateIndex(
                name: "IX_Locations_PublicId",
                table: "Locations",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Locations_UId",
                table: "Locations",
                column: "UId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Operations_EventId",
                table: "Operations",
                column: "EventId");

            migrationBuilder.CreateIndex(
                name: "IX_Operations_LocationId_State",
                table: "Operations",
                columns: new[] { "LocationId", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_Operations_PublicId",
                table: "Operations",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_People_DirectoryId",
                table: "People",
                column: "DirectoryId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_People_DisplayName",
                table: "People",
                column: "DisplayName");

            migrationBuilder.CreateIndex(
                name: "IX_People_PublicId",
                table: "People",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Plans_BookId_State",
                table: "Plans",
                columns: new[] { "BookId", "State" });

            migrationBuilder.CreateIndex(
                name: "IX_Plans_PublicId",
                table: "Plans",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_StagedBooks_RunId_BookId",
                table: "StagedBooks",
                columns: new[] { "RunId", "BookId" });

            migrationBuilder.CreateIndex(
                name: "IX_SyncRuns_LocationId_StartedAt",
                table: "SyncRuns",
                columns: new[] { "LocationId", "StartedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_SyncRuns_PublicId",
                table: "SyncRuns",
                column: "PublicId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Titles_AdamId_Storefront",
                table: "Titles",
                columns: new[] { "AdamId", "Storefront" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_VppUsers_LocationId_ClientUserId_Retired",
                table: "VppUsers",
                columns: new[] { "LocationId", "ClientUserId", "Retired" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_VppUsers_OperationId",
                table: "VppUsers",
                column: "OperationId");

            migrationBuilder.CreateIndex(
                name: "IX_VppUsers_PersonId_LocationId",
                table: "VppUsers",
                columns: new[] { "PersonId", "LocationId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "AuditEvents");

            migrationBuilder.DropTable(
                name: "Covers");

            migrationBuilder.DropTable(
                name: "DirectoryStates");

            migrationBuilder.DropTable(
                name: "ForeignHoldings");

            migrationBuilder.DropTable(
                name: "GroupAssignments");

            migrationBuilder.DropTable(
                name: "GroupMemberships");

            migrationBuilder.DropTable(
                name: "Licenses");

            migrationBuilder.DropTable(
                name: "LocationLeases");

            migrationBuilder.DropTable(
                name: "Operations");

            migrationBuilder.DropTable(
                name: "PlanLines");

            migrationBuilder.DropTable(
                name: "RingKeys");

            migrationBuilder.DropTable(
                name: "StagedAssignments");

            migrationBuilder.DropTable(
                name: "StagedBooks");

            migrationBuilder.DropTable(
                name: "StagedLicenses");

            migrationBuilder.DropTable(
                name: "StagedUsers");

            migrationBuilder.DropTable(
                name: "SyncRuns");

            migrationBuilder.DropTable(
                name: "VppUsers");

            migrationBuilder.DropTable(
                name: "Groups");

            migrationBuilder.DropTable(
                name: "Plans");

            migrationBuilder.DropTable(
                name: "People");

            migrationBuilder.DropTable(
                name: "Books");

            migrationBuilder.DropTable(
                name: "Locations");

            migrationBuilder.DropTable(
                name: "Titles");
        }
    }
}

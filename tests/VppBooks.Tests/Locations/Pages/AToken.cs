using VppBooks.Core.Locations;
using VppBooks.Core.Sync;

namespace VppBooks.Tests.Locations.Pages;

/// <summary>A token that works, to be changed with <c>with</c>.</summary>
internal static class AToken
{
    public static readonly DateTimeOffset Now = new(2026, 9, 1, 10, 0, 0, TimeSpan.Zero);

    public static readonly Guid Id = new("6b1d9a52-7a3b-4a0e-9c51-3f2f2f4b1a01");

    public static LocationSummary Summary(LocationCondition condition = LocationCondition.Valid, int daysLeft = 178) => new()
    {
        Id = 7,
        PublicId = Id,
        Name = "Education",
        OrganizationName = "Noordrand Schools",
        LocationName = "Noordrand Education",
        AppleAccount = "vpp@noordrand.example",
        AccountType = AccountType.Education,
        CountryOrRegion = "NL",
        State = TokenState.Valid,
        Condition = condition,
        StateErrorNumber = null,
        ReadOnly = false,
        ClaimedByName = condition == LocationCondition.ClaimedElsewhere ? "OtherMDM" : null,
        ClaimedByMetadata = null,
        TokenExpires = Now.AddDays(daysLeft).AddHours(3),
        DaysLeft = daysLeft,
        Books = 37,
        LicensesTotal = 12_630,
        LicensesUsed = 2_450,
        LicensesFree = 10_180,
        UnlimitedUsed = 150,
        LastSyncedAt = Now.AddMinutes(-12),
        SyncStatus = SyncStatus.Completed,
        SyncWaiting = false,
        LastError = null,
        PausedUntil = condition == LocationCondition.Paused ? Now.AddMinutes(5) : null,
        CreatedAt = Now.AddDays(-100),
        ModifiedAt = Now.AddDays(-1),
        Version = 4,
    };

    public static LocationDetail Detail(LocationSummary? summary = null) => new()
    {
        Summary = summary ?? Summary(),
        UId = "3104477120056218",
        DefaultPlatform = "volumestore",
        WebsiteUrl = "https://school.apple.com",
        ConsentGranted = true,
        ManagedByUs = true,
        MustReadFirst = false,
        LastFullSyncAt = Now.AddHours(-20),
        People = 260,
        ForeignRecords = 3,
        Assignments = 9,
    };

    public static TokenPreview Preview(TokenManager? managedBy = null) => new()
    {
        OrganizationName = "Noordrand Schools",
        LocationName = "Noordrand Education",
        UId = "3104477120056218",
        CountryOrRegion = "NL",
        Platform = "volumestore",
        WebsiteUrl = "https://school.apple.com",
        Expires = Now.AddDays(360).AddHours(3),
        ExpiresSoon = false,
        AccountType = AccountType.Education,
        ManagedBy = managedBy ?? new TokenManager.None(),
        AlreadyHere = null,
        WasHereBefore = false,
        SuggestedName = "Noordrand Education",
        Ticket = "ticket-1",
    };

    public static SyncRunSummary Run(SyncResult result = SyncResult.Succeeded, SyncPhase phase = SyncPhase.Done) => new(
        RunId: 71,
        PublicId: new Guid("6b1d9a52-7a3b-4a0e-9c51-3f2f2f4b1a71"),
        LocationId: 7,
        LocationPublicId: Id,
        TokenName: "Education",
        Reason: SyncReason.Manual,
        RequestedByName: "Anna",
        Full: true,
        Result: result,
        Phase: phase,
        StartedAt: Now.AddMinutes(-1),
        EndedAt: result == SyncResult.Running ? null : Now.AddSeconds(-18),
        Requests: 38,
        Pages: 41,
        BooksRead: 37,
        PeopleRead: 260,
        AssignmentsRead: 3_239,
        RowsChanged: 2_934,
        ErrorNumber: null,
        ErrorCode: result == SyncResult.Failed ? "AppleUnavailable" : null,
        ErrorDetail: null,
        Phases: [new PhaseDuration(SyncPhase.Claim, TimeSpan.FromMilliseconds(300)), new PhaseDuration(SyncPhase.Books, TimeSpan.FromSeconds(2))]);
}

using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using static VppBooks.Tests.Locations.UploadRefusalTests;

namespace VppBooks.Tests.Locations;

/// <summary>From the file to a location that is claimed, stored, and about to sync.</summary>
public sealed class EnrollmentTests : IAsyncLifetime
{
    private CoreHouse _house = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _house = await CoreHouse.StartAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task Inspecting_tells_what_the_token_is_and_stores_nothing()
    {
        var before = await _house.CountRowsAsync();

        var result = await _house.Enrollment.InspectAsync(new MemoryStream(Token(DemoOrganization.EducationUId)), CoreHouse.Admin, Cancel);

        var preview = Assert.IsType<InspectTokenResult.Accepted>(result).Preview;
        Assert.Equal("Noordrand Schools", preview.OrganizationName);
        Assert.Equal("Noordrand Education", preview.LocationName);
        Assert.Equal("Noordrand Education", preview.SuggestedName);
        Assert.Equal(DemoOrganization.EducationUId, preview.UId);
        Assert.Equal(("NL", "volumestore", AccountType.Education), (preview.CountryOrRegion, preview.Platform, preview.AccountType));
        Assert.IsType<TokenManager.None>(preview.ManagedBy);
        Assert.False(preview.ExpiresSoon);
        Assert.Null(preview.AlreadyHere);
        Assert.Equal(before, await _house.CountRowsAsync());
    }

    [Fact]
    public async Task Inspecting_warns_of_a_token_that_expires_soon_and_of_another_manager()
    {
        var file = _house.Cloud.Apple.IssueToken(DemoOrganization.LibraryUId, lifetime: TimeSpan.FromDays(20));

        var result = await _house.Enrollment.InspectAsync(new MemoryStream(file), CoreHouse.Admin, Cancel);

        var preview = Assert.IsType<InspectTokenResult.Accepted>(result).Preview;
        Assert.True(preview.ExpiresSoon);
        Assert.Equal(new TokenManager.Other("OtherMDM", "mdm.other.example"), preview.ManagedBy);
    }

    [Fact]
    public async Task Creating_claims_the_location_seals_the_token_and_asks_for_the_first_sync()
    {
        var file = Token(DemoOrganization.EducationUId);

        await CreateAsync(file);

        var row = await _house.RowAsync(DemoOrganization.EducationUId);
        Assert.Equal((TokenState.Valid, true, true), (row.State, row.ClaimConfirmed, row.MustReadFirst));
        Assert.Equal((SyncReason.Upload, SyncStatus.InProgress), (row.SyncWanted, row.SyncStatus));
        Assert.Equal(("Education", "NL", AccountType.Education), (row.Name, row.CountryOrRegion, row.AccountType));
        Assert.True(row.ConsentGranted);
        Assert.Null(row.DeletedAt);
        var text = System.Text.Encoding.ASCII.GetString(file).Trim();
        Assert.DoesNotContain(text, System.Text.Encoding.ASCII.GetString(row.TokenSecret!), StringComparison.Ordinal);
        Assert.Equal(text, _house.Get<LocationConnections>().Connect(row).Token.ExposeSecret());
        var claim = _house.Cloud.Apple.Locations.Single(l => l.UId == DemoOrganization.EducationUId);
        Assert.Equal((row.ClaimId.ToString("D"), "VppBooks", "VppBooks"), (claim.ClaimId, claim.ClaimName, claim.ClaimMetadata));
        Assert.Equal(["location.created"], await _house.AuditAsync());
    }

    [Fact]
    public async Task A_ticket_stands_for_the_file_once_for_the_same_person()
    {
        var preview = await InspectAsync(Token(DemoOrganization.EducationUId));
        var request = ACreate([]) with { Token = new TokenUpload.Ticket(preview.Ticket) };

        var stranger = await _house.Enrollment.CreateAsync(request, CoreHouse.Admin with { Id = "somebody-else" }, Cancel);
        Assert.Equal("TokenTicketExpired", Assert.IsType<CreateLocationResult.Rejected>(stranger).Refusal.Code);

        Assert.IsType<CreateLocationResult.Created>(await _house.Enrollment.CreateAsync(request, CoreHouse.Admin, Cancel));
        var again = await _house.Enrollment.CreateAsync(request, CoreHouse.Admin, Cancel);
        Assert.Equal("TokenTicketExpired", Assert.IsType<CreateLocationResult.Rejected>(again).Refusal.Code);
    }

    [Fact]
    public void Tickets_end_after_a_quarter_of_an_hour_and_are_bounded()
    {
        var clock = new FakeTimeProvider();
        var tickets = new TokenTickets(new SecretSealer(new LosableKeys()), clock);
        var first = tickets.Keep("first", CoreHouse.Admin);

        clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal("first", tickets.Find(first, CoreHouse.Admin));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(tickets.Find(first, CoreHouse.Admin));

        var second = tickets.Keep("second", CoreHouse.Admin);
        for (var i = 0; i < TokenTickets.Capacity; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            tickets.Keep("other", CoreHouse.Admin);
        }

        Assert.Null(tickets.Find(second, CoreHouse.Admin));
    }

    [Fact]
    public async Task The_same_token_and_a_second_token_of_the_location_are_told_apart()
    {
        var file = Token(DemoOrganization.EducationUId);
        var here = await CreateAsync(file);
        var before = await _house.CountRowsAsync();

        var same = await _house.Enrollment.CreateAsync(ACreate([.. file, (byte)'\r', (byte)'\n']), CoreHouse.Admin, Cancel);
        var second = await _house.Enrollment.CreateAsync(ACreate(Token(DemoOrganization.EducationUId)), CoreHouse.Admin, Cancel);

        var sameRefusal = Assert.IsType<CreateLocationResult.Rejected>(same).Refusal;
        Assert.Equal(("TokenAlreadyUploaded", 409, here), (sameRefusal.Code, sameRefusal.HttpStatus, sameRefusal.Existing!.PublicId));
        var secondRefusal = Assert.IsType<CreateLocationResult.Rejected>(second).Refusal;
        Assert.Equal(("LibraryAlreadyConnected", 409, here), (secondRefusal.Code, secondRefusal.HttpStatus, secondRefusal.Existing!.PublicId));
        Assert.Equal(before, await _house.CountRowsAsync());
        var preview = await InspectAsync(Token(DemoOrganization.EducationUId));
        Assert.Equal(here, preview.AlreadyHere!.PublicId);
        Assert.IsType<TokenManager.Us>(preview.ManagedBy);
    }

    [Fact]
    public async Task Two_uploads_of_one_location_at_once_end_as_one()
    {
        var uploads = Enumerable.Range(0, 4).Select(_ => ACreate(Token(DemoOrganization.BusinessUId))).ToArray();

        var results = await Task.WhenAll(uploads.Select(u => _house.Enrollment.CreateAsync(u, CoreHouse.Admin, Cancel)));

        Assert.Single(results.OfType<CreateLocationResult.Created>());
        Assert.All(results.OfType<CreateLocationResult.Rejected>(), r => Assert.Equal("LibraryAlreadyConnected", r.Refusal.Code));
        var row = await _house.RowAsync(DemoOrganization.BusinessUId);
        Assert.Equal(row.ClaimId.ToString("D"), _house.Cloud.Apple.Locations.Single(l => l.UId == DemoOrganization.BusinessUId).ClaimId);
    }

    [Theory]
    [InlineData(FaultAction.DropAfter)]
    [InlineData(FaultAction.HtmlBadGatewayAfter)]
    [InlineData(FaultAction.ErrorAfter)]
    [InlineData(FaultAction.Unavailable)]
    public async Task A_claim_whose_answer_is_lost_is_completed_by_the_next_attempt(FaultAction action)
    {
        _house.Cloud.Apple.Faults.Add(new Fault { Action = action, Method = "POST", Path = "/mdm/v2/client/config", Times = 0 });
        var result = await _house.Enrollment.CreateAsync(ACreate(Token(DemoOrganization.EducationUId)), CoreHouse.Admin, Cancel);
        Assert.Equal("AppleUnavailable", Assert.IsType<CreateLocationResult.Rejected>(result).Refusal.Code);
        var half = await _house.RowAsync(DemoOrganization.EducationUId);
        Assert.Null(half.TokenSecret);
        Assert.NotNull(half.DeletedAt);
        Assert.Empty(await _house.Locations.ListAsync(CoreHouse.Admin, Cancel));

        _house.Cloud.Apple.Faults.Clear();
        _house.Clock.Offset = TimeSpan.FromHours(1);
        await CreateAsync(Token(DemoOrganization.EducationUId));

        var row = await _house.RowAsync(DemoOrganization.EducationUId);
        Assert.Equal((half.Id, half.ClaimId, true), (row.Id, row.ClaimId, row.ClaimConfirmed));
        Assert.Equal(half.ClaimId.ToString("D"), _house.Cloud.Apple.Locations.Single(l => l.UId == DemoOrganization.EducationUId).ClaimId);
    }

    [Fact]
    public async Task A_partial_answer_to_the_claim_is_looked_up()
    {
        _house.Cloud.Apple.Switches.ConfigChangeAnswersPartly = true;

        await CreateAsync(Token(DemoOrganization.EducationUId));

        Assert.True((await _house.RowAsync(DemoOrganization.EducationUId)).ClaimConfirmed);
    }

    [Fact]
    public async Task A_token_that_may_not_manage_is_kept_for_reading()
    {
        await CreateAsync(_house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId, readOnly: true));

        var row = await _house.RowAsync(DemoOrganization.EducationUId);
        Assert.Equal((TokenState.Valid, true, false, 9637), (row.State, row.ReadOnly, row.ClaimConfirmed, row.StateErrorNumber));
        Assert.False(row.CanWrite);
        Assert.Equal(LocationCondition.ReadOnly, Assert.Single(await _house.Locations.ListAsync(CoreHouse.Admin, Cancel)).Condition);

        await RenewAsync(row.PublicId, Token(DemoOrganization.EducationUId));
        row = await _house.RowAsync(DemoOrganization.EducationUId);
        Assert.Equal((TokenState.Valid, false, true, (int?)null), (row.State, row.ReadOnly, row.ClaimConfirmed, row.StateErrorNumber));
    }

    [Fact]
    public async Task A_location_of_another_mdm_can_be_stored_without_touching_it_and_taken_over_on_purpose()
    {
        var result = await _house.Enrollment.CreateAsync(ACreate(Token(DemoOrganization.LibraryUId)) with { AllowUnclaimed = true }, CoreHouse.Admin, Cancel);

        var id = Assert.IsType<CreateLocationResult.Created>(result).PublicId;
        var row = await _house.RowAsync(DemoOrganization.LibraryUId);
        Assert.Equal((TokenState.AssignedToExternalMdm, "OtherMDM", null), (row.State, row.ClaimedByName, row.SyncWanted));
        Assert.DoesNotContain(_house.Cloud.Apple.Requests, r => r.Method == "POST");
        var summary = Assert.Single(await _house.Locations.ListAsync(CoreHouse.Admin, Cancel));
        Assert.Equal((LocationCondition.ClaimedElsewhere, "OtherMDM", "mdm.other.example"), (summary.Condition, summary.ClaimedByName, summary.ClaimedByMetadata));

        Assert.IsType<ChangeLocationResult.Changed>(await _house.Enrollment.TakeControlAsync(id, CoreHouse.Admin, Cancel));

        row = await _house.RowAsync(DemoOrganization.LibraryUId);
        Assert.Equal((TokenState.Valid, true, true, SyncReason.TakeOver), (row.State, row.ClaimConfirmed, row.MustReadFirst, row.SyncWanted));
        Assert.Equal(row.ClaimId.ToString("D"), _house.Cloud.Apple.Locations.Single(l => l.UId == DemoOrganization.LibraryUId).ClaimId);
        await using var db = await _house.OpenAsync();
        var audit = await db.AuditEvents.OrderBy(a => a.Id).ToListAsync(Cancel);
        Assert.Equal(["location.created", "location.control-requested", "location.control-taken"], audit.Select(a => a.Action));
        Assert.Contains("OtherMDM", audit[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_is_taken_at_once_when_the_administrator_says_so()
    {
        var result = await _house.Enrollment.CreateAsync(ACreate(Token(DemoOrganization.LibraryUId)) with { TakeControl = true }, CoreHouse.Admin, Cancel);

        Assert.IsType<CreateLocationResult.Created>(result);
        Assert.Equal((TokenState.Valid, true), ((await _house.RowAsync(DemoOrganization.LibraryUId)).State, (await _house.RowAsync(DemoOrganization.LibraryUId)).ClaimConfirmed));
        Assert.Equal(["location.control-requested", "location.created"], await _house.AuditAsync());
    }

    private byte[] Token(string uId) => _house.Cloud.Apple.IssueToken(uId);

    private async Task<TokenPreview> InspectAsync(byte[] file) =>
        Assert.IsType<InspectTokenResult.Accepted>(await _house.Enrollment.InspectAsync(new MemoryStream(file), CoreHouse.Admin, Cancel)).Preview;

    private async Task<Guid> CreateAsync(byte[] file) =>
        Assert.IsType<CreateLocationResult.Created>(await _house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, Cancel)).PublicId;

    private async Task RenewAsync(Guid id, byte[] file) =>
        Assert.IsType<ChangeLocationResult.Changed>(await _house.Enrollment.RenewAsync(id, new TokenUpload.File(file), CoreHouse.Admin, Cancel));
}

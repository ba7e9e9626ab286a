using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.Locations;

/// <summary>Whatever is wrong with an upload, it is named, and nothing is written: neither here nor at Apple.</summary>
public sealed class UploadRefusalTests(UploadRefusalTests.Shared shared) : IClassFixture<UploadRefusalTests.Shared>
{
    private readonly CoreHouse _house = shared.House;

    public static TheoryData<string> BadFiles => [.. BadTokenFiles.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task A_bad_file_is_named_and_changes_nothing(string name)
    {
        var (_, file, code, status) = BadTokenFiles.All.Single(f => f.Name == name);
        var before = await _house.CountRowsAsync();
        var requests = _house.Cloud.Apple.Requests.Count;

        var inspected = await _house.Enrollment.InspectAsync(new MemoryStream(file), CoreHouse.Admin, TestContext.Current.CancellationToken);
        var created = await _house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, TestContext.Current.CancellationToken);

        var refusal = Assert.IsType<InspectTokenResult.Rejected>(inspected).Refusal;
        Assert.Equal((code, status), (refusal.Code, refusal.HttpStatus));
        Assert.NotEmpty(refusal.Message);
        Assert.Equal(refusal, Assert.IsType<CreateLocationResult.Rejected>(created).Refusal);
        Assert.Equal(before, await _house.CountRowsAsync());
        Assert.Equal(requests, _house.Cloud.Apple.Requests.Count);
    }

    [Theory]
    [InlineData("", "a@b.example", "NL", true, "NameMissing")]
    [InlineData("  \t", "a@b.example", "NL", true, "NameMissing")]
    [InlineData("bell\u0007", "a@b.example", "NL", true, "NameInvalidCharacters")]
    [InlineData("*half a character", "a@b.example", "NL", true, "NameInvalidCharacters")]
    [InlineData("*257", "a@b.example", "NL", true, "NameTooLong")]
    [InlineData("Token", "*321", "NL", true, "AppleAccountTooLong")]
    [InlineData("Token", "a\nb", "NL", true, "AppleAccountInvalidCharacters")]
    [InlineData("Token", "a@b.example", "XX", true, "CountryOrRegionInvalid")]
    [InlineData("Token", "a@b.example", "Netherlands", true, "CountryOrRegionInvalid")]
    [InlineData("Token", "a@b.example", "NL", false, "ConsentMissing")]
    public async Task A_bad_field_is_named_and_changes_nothing(string name, string account, string country, bool consent, string code)
    {
        var file = _house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId);
        var before = await _house.CountRowsAsync();
        var requests = _house.Cloud.Apple.Requests.Count;

        var result = await _house.Enrollment.CreateAsync(
            ACreate(file) with { Name = Long(name), AppleAccount = Long(account), CountryOrRegion = country, ConsentGranted = consent }, CoreHouse.Admin, TestContext.Current.CancellationToken);

        var refusal = Assert.IsType<CreateLocationResult.Rejected>(result).Refusal;
        Assert.Equal((code, 400), (refusal.Code, refusal.HttpStatus));
        Assert.Equal(before, await _house.CountRowsAsync());
        Assert.Equal(requests, _house.Cloud.Apple.Requests.Count);
    }

    [Theory]
    [InlineData("revoked", 9625)]
    [InlineData("password changed", 9625)]
    [InlineData("expired at Apple", 9621)]
    [InlineData("unknown", 9622)]
    public async Task A_token_that_Apple_refuses_is_refused_with_number_and_meaning(string what, int number)
    {
        await using var house = await CoreHouse.StartAsync();
        var file = house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId);
        switch (what)
        {
            case "revoked":
                house.Cloud.Apple.RevokeTokens(DemoOrganization.EducationUId);
                break;
            case "password changed":
                house.Cloud.Apple.ChangePassword(DemoOrganization.EducationUId);
                break;
            case "expired at Apple":
                house.Cloud.Apple.AdvanceClock(TimeSpan.FromDays(400));
                break;
            default:
                file = BadTokenFiles.Encoded("""{"expDate":"2099-05-18T10:42:07+0000","token":"aW52ZW50ZWQ=","orgName":"Riverside Libraries"}""");
                break;
        }

        var before = await house.CountRowsAsync();
        var inspected = await house.Enrollment.InspectAsync(new MemoryStream(file), CoreHouse.Admin, TestContext.Current.CancellationToken);
        var created = await house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, TestContext.Current.CancellationToken);

        var refusal = Assert.IsType<InspectTokenResult.Rejected>(inspected).Refusal;
        Assert.Equal(("TokenRejectedByApple", 400, number), (refusal.Code, refusal.HttpStatus, refusal.AppleErrorNumber));
        Assert.Contains(number.ToString(System.Globalization.CultureInfo.InvariantCulture), refusal.Message, StringComparison.Ordinal);
        Assert.Equal(refusal, Assert.IsType<CreateLocationResult.Rejected>(created).Refusal);
        Assert.Equal(before, await house.CountRowsAsync());
    }

    [Theory]
    [InlineData(FaultAction.Unavailable)]
    [InlineData(FaultAction.HtmlBadGateway)]
    [InlineData(FaultAction.TooManyRequests)]
    [InlineData(FaultAction.Drop)]
    [InlineData(FaultAction.TruncatedBody)]
    [InlineData(FaultAction.WrongTypes)]
    public async Task An_outage_stores_nothing_and_the_next_try_works(FaultAction action)
    {
        await using var house = await CoreHouse.StartAsync();
        var file = house.Cloud.Apple.IssueToken(DemoOrganization.EducationUId);
        house.Cloud.Apple.Faults.Add(new Fault { Action = action, Path = "/mdm/v2/client/config", Times = 0 });
        var before = await house.CountRowsAsync();

        var result = await house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, TestContext.Current.CancellationToken);

        var refusal = Assert.IsType<CreateLocationResult.Rejected>(result).Refusal;
        Assert.Equal(("AppleUnavailable", 503), (refusal.Code, refusal.HttpStatus));
        Assert.Equal(before, await house.CountRowsAsync());
        house.Cloud.Apple.Faults.Clear();
        house.Clock.Offset = TimeSpan.FromHours(1);
        Assert.IsType<CreateLocationResult.Created>(await house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_location_of_another_mdm_is_refused_with_its_name()
    {
        var file = _house.Cloud.Apple.IssueToken(DemoOrganization.LibraryUId);
        var before = await _house.CountRowsAsync();

        var result = await _house.Enrollment.CreateAsync(ACreate(file), CoreHouse.Admin, TestContext.Current.CancellationToken);

        var refusal = Assert.IsType<CreateLocationResult.Rejected>(result).Refusal;
        Assert.Equal(("LibraryClaimedByOtherMdm", 409, "OtherMDM"), (refusal.Code, refusal.HttpStatus, refusal.ClaimedBy?.Name));
        Assert.Equal(before, await _house.CountRowsAsync());
        Assert.DoesNotContain(_house.Cloud.Apple.Requests, r => r is { Method: "POST", Path: "/mdm/v2/client/config", Location: DemoOrganization.LibraryUId });
    }

    [Fact]
    public async Task Only_administrators_handle_tokens()
    {
        var some = Guid.NewGuid();
        var cancel = TestContext.Current.CancellationToken;
        foreach (var actor in new[] { CoreHouse.Helpdesk, CoreHouse.Nobody, Actor.System })
        {
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.InspectAsync(Stream.Null, actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.CreateAsync(ACreate([]), actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.RenewAsync(some, new TokenUpload.File(default), actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.UpdateAsync(some, new LocationChange(), null, actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.TakeControlAsync(some, actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.PreviewDeletionAsync(some, actor, cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Enrollment.DeleteAsync(some, actor, cancel));
        }

        await Assert.ThrowsAsync<NotAllowedException>(() => _house.Locations.ListAsync(CoreHouse.Nobody, cancel));
    }

    internal static CreateLocation ACreate(byte[] file) => new()
    {
        Token = new TokenUpload.File(file),
        Name = "Education",
        AppleAccount = "vpp@noordrand.example",
        ConsentGranted = true,
    };

    // Attributes are kept as UTF-8, which has no half characters.
    private static string Long(string text) => text switch
    {
        "*half a character" => "half \ud83d",
        ['*', .. var count] => new string('x', int.Parse(count, System.Globalization.CultureInfo.InvariantCulture)),
        _ => text,
    };

    public sealed class Shared : IAsyncLifetime
    {
        internal CoreHouse House { get; private set; } = null!;

        public async ValueTask InitializeAsync() => House = await CoreHouse.StartAsync();

        public ValueTask DisposeAsync() => House.DisposeAsync();
    }
}

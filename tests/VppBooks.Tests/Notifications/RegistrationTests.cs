using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using VppBooks.Tests.SimulatedCloud;

namespace VppBooks.Tests.Notifications;

/// <summary>Telling Apple where notifications go. The receiver stands where the console's address would be.</summary>
public sealed class RegistrationTests : IAsyncLifetime
{
    private const string UId = DemoOrganization.EducationUId;

    private CoreHouse _house = null!;
    private NotificationReceiver _receiver = null!;
    private int _locationId;

    private NotificationOptions Options => _house.Get<NotificationOptions>();

    private string Address => Options.AddressOf(_publicId)!;

    private Guid _publicId;

    public async ValueTask InitializeAsync()
    {
        _receiver = await NotificationReceiver.StartAsync();
        _house = await CoreHouse.StartAsync();
        _house.Cloud.Apple.Switches.MaxRequestsPerSecond = 2000;
        Options.PublicUrl = _receiver.Url;
        await _house.Enrollment.CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(_house.Cloud.Apple.IssueToken(UId)), Name = "Education", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            CancellationToken.None);
        var row = await RowAsync();
        (_locationId, _publicId) = (row.Id, row.PublicId);
        await SyncAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Apple_is_given_an_address_and_a_secret_of_the_locations_own()
    {
        Assert.Null(await RegisterAsync());

        var row = await RowAsync();
        var remote = _house.Cloud.Apple.Find(UId);
        Assert.Equal((NotificationState.Registered, Address), (row.NotificationState, row.NotificationUrl));
        Assert.Equal(Address, remote.NotificationUrl);
        Assert.Equal($"/apple/notifications/{_publicId}", new Uri(Address).AbsolutePath["/apple/notify".Length..]);
        Assert.Equal(NotificationTypes.Wanted.Order(StringComparer.Ordinal), remote.NotificationTypes);
        Assert.Equal(43, remote.NotificationToken!.Length);
        Assert.Equal(Hash(remote.NotificationToken), row.NotificationSecretHash);
        Assert.Null(row.NotificationFormerHash);
        Assert.Equal("Bearer " + remote.NotificationToken, Assert.Single(_receiver.Received).Authorization);
        Assert.Contains("location.notifications-changed", await _house.AuditAsync());
    }

    [Fact]
    public async Task The_secrets_hash_is_stored_before_Apple_delivers_its_test()
    {
        bool? known = null;
        _receiver.Status = 200;
        _receiver.Arrived = async authorization => known = await _house.Get<NotificationGate>().FindAsync(_publicId, authorization, () => true, CancellationToken.None) is not null;

        await RegisterAsync();

        Assert.True(known);
    }

    [Fact]
    public async Task An_address_that_Apple_cannot_reach_is_tried_again_after_an_hour()
    {
        _receiver.Status = 500;
        var next = await RegisterAsync();
        var failed = await RowAsync();
        var attempts = _receiver.Received.Count;
        var again = await RegisterAsync();

        Assert.Equal((NotificationState.Unreachable, 9728, null), (failed.NotificationState, failed.NotificationErrorNumber, failed.NotificationUrl));
        Assert.InRange(next!.Value - _house.Clock.GetUtcNow(), TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(61));
        Assert.Equal(next, again);
        Assert.Equal(attempts, _receiver.Received.Count);
        Assert.Equal(TokenState.Valid, failed.State);

        _receiver.Status = 200;
        _house.Clock.Offset += TimeSpan.FromMinutes(61);
        Assert.Null(await RegisterAsync());
        var row = await RowAsync();
        Assert.Equal((NotificationState.Registered, null), (row.NotificationState, row.NotificationErrorNumber));
    }

    [Fact]
    public async Task Another_refusal_is_told_with_its_number()
    {
        _house.Cloud.Apple.Switches.Limits.MaxNotificationLength = 20;
        var next = await RegisterAsync();

        var row = await RowAsync();
        Assert.Equal((NotificationState.Refused, 9711), (row.NotificationState, row.NotificationErrorNumber));
        Assert.InRange(next!.Value - _house.Clock.GetUtcNow(), TimeSpan.FromHours(23), TimeSpan.FromHours(25));
        Assert.Equal(TokenState.Valid, row.State);
    }

    [Theory]
    [InlineData("address")]
    [InlineData("types")]
    public async Task What_differs_at_Apple_is_noticed_by_the_next_sync_and_registered_again(string what)
    {
        await RegisterAsync();
        var remote = _house.Cloud.Apple.Find(UId);
        var first = remote.NotificationToken;
        if (what == "address")
        {
            remote.NotificationUrl = "https://elsewhere.example/hook";
        }
        else
        {
            remote.NotificationTypes = ["ASSET_COUNT"];
        }

        await SyncAsync();
        Assert.Equal(NotificationState.Polling, (await RowAsync()).NotificationState);
        await RegisterAsync();

        Assert.Equal((NotificationState.Registered, Address), ((await RowAsync()).NotificationState, remote.NotificationUrl));
        Assert.Equal(5, remote.NotificationTypes.Count);
        Assert.NotEqual(first, remote.NotificationToken);
    }

    [Fact]
    public async Task What_is_the_same_at_Apple_is_left_alone()
    {
        await RegisterAsync();
        var posts = Posts();
        await SyncAsync();
        await RegisterAsync();

        Assert.Equal(posts, Posts());
    }

    [Fact]
    public async Task The_former_secret_is_good_until_Apple_has_confirmed_the_new_one()
    {
        await RegisterAsync();
        var remote = _house.Cloud.Apple.Find(UId);
        var former = remote.NotificationToken!;
        remote.NotificationTypes = ["ASSET_COUNT"];
        await SyncAsync();
        _receiver.Status = 500;
        await RegisterAsync();
        var offered = _receiver.Received.Last().Authorization;

        Assert.NotEqual("Bearer " + former, offered);
        Assert.True(await IsGoodAsync("Bearer " + former));
        Assert.True(await IsGoodAsync(offered));
        Assert.False(await IsGoodAsync("Bearer x" + former));

        _house.Clock.Offset += TimeSpan.FromMinutes(61);
        _receiver.Status = 200;
        await RegisterAsync();
        Assert.Equal(offered, "Bearer " + remote.NotificationToken);
        Assert.Null((await RowAsync()).NotificationFormerHash);
        await Task.Delay(TimeSpan.FromSeconds(5.5), TestContext.Current.CancellationToken);
        Assert.False(await IsGoodAsync("Bearer " + former));
        Assert.True(await IsGoodAsync(offered));
    }

    [Fact]
    public async Task Without_an_address_nothing_is_written_to_Apple()
    {
        Options.PublicUrl = "";
        var posts = Posts();

        Assert.Null(await RegisterAsync());

        Assert.Equal(posts, Posts());
        Assert.Equal(NotificationState.Polling, (await RowAsync()).NotificationState);
    }

    [Fact]
    public async Task An_address_that_is_taken_away_means_asking_again()
    {
        await RegisterAsync();
        Options.PublicUrl = "";

        await RegisterAsync();

        Assert.Equal(NotificationState.Polling, (await RowAsync()).NotificationState);
    }

    [Theory]
    [InlineData("read only")]
    [InlineData("read first")]
    [InlineData("expired")]
    [InlineData("claimed")]
    public async Task A_location_that_may_not_be_written_is_not_registered(string why)
    {
        await _house.ChangeAsync(db =>
        {
            var row = db.Locations.Single(l => l.Id == _locationId);
            row.ReadOnly = why == "read only";
            row.MustReadFirst = why == "read first";
            row.State = why switch { "expired" => TokenState.Expired, "claimed" => TokenState.AssignedToExternalMdm, _ => row.State };
        });
        var posts = Posts();

        Assert.Null(await RegisterAsync());

        Assert.Equal(posts, Posts());
    }

    [Fact]
    public async Task The_claim_is_looked_at_before_anything_is_written()
    {
        _house.Cloud.Apple.ClaimByOtherMdm(UId);
        var posts = Posts();

        await RegisterAsync();

        Assert.Equal(posts, Posts());
        Assert.Equal(TokenState.AssignedToExternalMdm, (await RowAsync()).State);
        Assert.Null((await RowAsync()).NotificationSecretHash);
    }

    [Fact]
    public async Task An_outage_changes_nothing_and_is_tried_again()
    {
        _house.Cloud.Apple.Faults.Add(new Fault { Action = FaultAction.HtmlBadGateway, Method = "POST", Path = "*/client/config", Times = 100 });

        var next = await RegisterAsync();

        Assert.NotNull(next);
        Assert.Equal(NotificationState.Polling, (await RowAsync()).NotificationState);
    }

    private int Posts() => _house.Cloud.Apple.RequestCounts(UId).GetValueOrDefault("POST /client/config");

    private Task<bool> IsGoodAsync(string authorization) => Task.Run(async () => await _house.Get<NotificationGate>().FindAsync(_publicId, authorization, () => true, CancellationToken.None) is not null);

    private Task<Location> RowAsync() => _house.RowAsync(UId);

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private Task<DateTimeOffset?> RegisterAsync() => UnderLeaseAsync(lease => _house.Get<NotificationRegistration>().RegisterAsync(lease, CancellationToken.None));

    private async Task SyncAsync() =>
        Assert.Equal(SyncResult.Succeeded, (await UnderLeaseAsync(lease => _house.Get<LocationSync>().RunAsync(lease, SyncReason.Manual, null, CancellationToken.None))).Result);

    private async Task<T> UnderLeaseAsync<T>(Func<Lease, Task<T>> work)
    {
        var leases = _house.Get<LocationLeases>();
        var lease = await leases.TryAcquireAsync(_locationId, CancellationToken.None);
        Assert.NotNull(lease);
        try
        {
            return await work(lease);
        }
        finally
        {
            await leases.ReleaseAsync(lease, CancellationToken.None);
        }
    }
}

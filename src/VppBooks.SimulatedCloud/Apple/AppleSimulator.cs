using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Counts of one asset, as <c>GET /assets</c> shows them.</summary>
public sealed record AssetCounts(int Total, int Assigned, int Available, int Retired);

/// <summary>An asset at a location.</summary>
public sealed record AssetSummary(string AdamId, string PricingParam, bool IsBook, string? Title, AssetCounts Counts);

/// <summary>A user record at a location.</summary>
public sealed record UserSummary(string ClientUserId, string? Email, string Status, string? Account, string? InviteCode, string? IdHash);

/// <summary>A location as its owner sees it.</summary>
public sealed record LocationSummary(
    string UId, string Name, string Country, string Platform, string? ClaimId, string? ClaimName, string? ClaimMetadata, string? NotificationUrl, int Users, int Assignments);

/// <summary>
/// The stand-in for Apple's volume-purchase service: what it knows, what a test can make it do, and the ground truth of every license it
/// ever spent. Thread-safe. Time is the clock's alone: events are as far as the clock says.
/// </summary>
public sealed partial class AppleSimulator : IAsyncDisposable
{
    internal AppleSimulator(SimulatedCloudOptions options, TimeProvider clock, SimulatedDirectory directory)
    {
        Options = options;
        _clock = new SkewedClock(clock);
        Switches.PageSize = options.PageSize;
        Switches.Latency = options.Latency;
        Switches.MaxRequestsPerSecond = options.MaxRequestsPerSecond;
        _random = new Random(options.Seed);
        _timer = _clock.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Tokens = new ContentTokens(options.Seed, "Noordrand Schools");
        People = new AppleAccounts(this, directory);
        Notifications = new NotificationSender(this, options.Seed);
    }

    public AppleSwitches Switches { get; } = new();

    public FaultScript Faults { get; } = new();

    /// <summary>The clock handed in, plus what <see cref="AdvanceClock"/> added.</summary>
    public TimeProvider Clock => _clock;

    /// <summary>Every task about a license that was ever carried out, in order. What the organization owned at the start is not in it.</summary>
    public IReadOnlyList<LedgerEntry> Ledger
    {
        get
        {
            lock (Gate)
            {
                Settle();
                return _ledger.List();
            }
        }
    }

    /// <summary>The last 20,000 requests.</summary>
    public IReadOnlyList<RequestEntry> Requests => _requests.List();

    /// <summary>The last 20,000 deliveries of notifications.</summary>
    public IReadOnlyList<NotificationEntry> Deliveries => Notifications.Log;

    public IReadOnlyList<LocationSummary> Locations
    {
        get
        {
            lock (Gate)
            {
                Settle();
                return
                [
                    .. _locations.Values.Select(l => new LocationSummary(
                        l.UId, l.Name, l.Country, l.Platform, l.Claim?.Id, l.Claim?.Name, l.Claim?.Metadata, l.NotificationUrl, l.Users.Count, l.Assets.Sum(a => a.Assigned))),
                ];
            }
        }
    }

    /// <summary>Managed Apple Accounts of directory people that belong to another organization: a create with one gives 9635.</summary>
    public IReadOnlySet<string> AccountsOfAnotherOrganization => People.OfAnotherOrganization;

    /// <summary>Everything the location owns, or only books.</summary>
    public IReadOnlyList<AssetSummary> Assets(string locationUId, bool booksOnly = true)
    {
        lock (Gate)
        {
            Settle();
            return [.. Find(locationUId).Assets.Where(a => a.IsBook || !booksOnly).Select(a => new AssetSummary(a.AdamId, a.PricingParam, a.IsBook, Store.Find(a.AdamId)?.Name, CountsOf(a)))];
        }
    }

    /// <summary>All records of a location, or those of one client user id, oldest first.</summary>
    public IReadOnlyList<UserSummary> Users(string locationUId, string? clientUserId = null)
    {
        lock (Gate)
        {
            Settle();
            return
            [
                .. Find(locationUId).Users.Where(u => clientUserId is null || u.ClientUserId == clientUserId)
                    .Select(u => new UserSummary(u.ClientUserId, u.Email, u.Status.Text(), u.Account, u.InviteCode, u.IdHash)),
            ];
        }
    }

    /// <summary>Client user ids and serial numbers that hold an asset; a retired record's id is in it too.</summary>
    public IReadOnlyList<string> Holders(string locationUId, string adamId, string pricingParam = "STDQ")
    {
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            return [.. FindAsset(location, adamId, pricingParam).Holders.Select(h => location.TargetName(h.Target))];
        }
    }

    public AssetCounts Counts(string locationUId, string adamId, string pricingParam = "STDQ")
    {
        lock (Gate)
        {
            Settle();
            return CountsOf(FindAsset(Find(locationUId), adamId, pricingParam));
        }
    }

    /// <summary>Requests of a location by method and endpoint, such as <c>POST /assets/associate</c>; throttled ones are counted apart as <c>9646</c>.</summary>
    public IReadOnlyDictionary<string, int> RequestCounts(string locationUId)
    {
        lock (Gate)
        {
            return new Dictionary<string, int>(Find(locationUId).RequestCounts);
        }
    }

    /// <summary>POSTs to associate that reached the stand-in, whatever their answer.</summary>
    public int CountAssociatePosts(string? locationUId = null) =>
        Requests.Count(r => r is { Method: "POST", Path: "/mdm/v2/assets/associate" } && (locationUId is null || r.Location == locationUId));

    /// <summary>Forgets the request log and the counters; the ledger stays.</summary>
    public void ClearRequests()
    {
        _requests.Clear();
        lock (Gate)
        {
            foreach (var location in _locations.Values)
            {
                location.RequestCounts.Clear();
            }
        }
    }

    /// <summary>Waits until every notification that needs no further passing of time is delivered.</summary>
    public Task WhenQuietAsync(CancellationToken cancellationToken) => Notifications.WhenQuietAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await Notifications.DisposeAsync();
    }
}

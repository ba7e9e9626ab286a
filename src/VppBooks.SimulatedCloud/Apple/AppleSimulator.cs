using System.Text;
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

    /// <summary>Buys licenses; an asset the location does not own yet is added. ASSET_COUNT goes out.</summary>
    public void Buy(string locationUId, string adamId, string pricingParam, int licenses)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(licenses);
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            if (!location.AssetsByKey.TryGetValue((adamId, pricingParam), out var asset))
            {
                asset = location.AddAsset(adamId, pricingParam, Store.Find(adamId)?.IsBook ?? true, 0, ["iOS", "macOS"]);
            }

            if (asset.IsUnlimited)
            {
                return;
            }

            asset.Total += licenses;
            location.TouchAssets();
            TellCount(location, asset, licenses);
        }
    }

    /// <summary>Gives licenses back to the store, or transfers them out. False when fewer are free (assigned ones only with <see cref="AppleSwitches.RefundTakesAssigned"/>).</summary>
    public bool Refund(string locationUId, string adamId, string pricingParam, int licenses)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(licenses);
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            var asset = FindAsset(location, adamId, pricingParam);
            if (asset.IsUnlimited || asset.Total < licenses || (asset.Available < licenses && !Switches.RefundTakesAssigned))
            {
                return false;
            }

            asset.Total -= licenses;
            while (asset.Available < 0)
            {
                location.Unassign(asset, asset.Holders[^1].Target);
            }

            location.TouchAssets();
            TellCount(location, asset, -licenses);
            return true;
        }
    }

    /// <summary>Sets the count whose meaning Apple does not explain; it stands outside total, assigned and available.</summary>
    public void SetRetiredCount(string locationUId, string adamId, string pricingParam, int retired)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            FindAsset(location, adamId, pricingParam).Retired = retired;
            location.TouchAssets();
        }
    }

    /// <summary>The page behind an invitation: somebody accepts with an Apple Account. Null = accepted, otherwise what the page says.</summary>
    public string? AcceptInvitation(string inviteCode, string account)
    {
        lock (Gate)
        {
            Settle();
            if (!Invitations.TryGetValue(inviteCode, out var invitation))
            {
                return "This invitation is not valid any more.";
            }

            var (location, user) = invitation;
            if (string.IsNullOrWhiteSpace(account))
            {
                return "Enter an Apple Account.";
            }

            if (location.ActiveByAccount.TryGetValue(account, out var other) && other != user)
            {
                return "This Apple Account already takes part under another invitation of this organization.";
            }

            People.Associate(location, user, account);
            Notifications.Post(location, "USER_ASSOCIATED", writer =>
            {
                writer.WriteStartArray("associatedUsers");
                writer.WriteUser(user);
                writer.WriteEndArray();
            });
            return null;
        }
    }

    /// <summary>Downloads a content token: the bytes of the file, good for one year from the clock's now.</summary>
    /// <param name="locationUId">Location.</param>
    /// <param name="readOnly">The downloader may look but not manage: changes answer 9637.</param>
    /// <param name="lifetime">Other than a year, for expiry tests; may be negative.</param>
    public byte[] IssueToken(string locationUId, bool readOnly = false, TimeSpan? lifetime = null)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            if (Switches.NewTokenRevokesOld)
            {
                location.RevokedTokens = location.IssuedTokens;
            }

            var expires = lifetime is { } span ? Now + span : Now.AddYears(1);
            return Encoding.ASCII.GetBytes(Tokens.Issue(new TokenFacts(locationUId, ++location.IssuedTokens, expires, readOnly)));
        }
    }

    /// <summary>Revokes every token of the location issued so far: 9625.</summary>
    public void RevokeTokens(string locationUId)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            location.RevokedTokens = location.IssuedTokens;
        }
    }

    /// <summary>The downloader's password changed: every token issued so far is dead (9625, or 9622 by switch).</summary>
    public void ChangePassword(string locationUId)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            location.OutdatedTokens = location.IssuedTokens;
        }
    }

    /// <summary>Another MDM writes its claim over whatever is there.</summary>
    public void ClaimByOtherMdm(string locationUId, string name = "OtherMDM")
    {
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            location.Claim = new MdmClaim(NextGuid(), name, "mdm.other.example");
            location.ClaimedByOther = true;
            location.OtherActedAt = Now;
        }
    }

    /// <summary>The other manager creates, associates and retires at random: <paramref name="acts"/> times, at once.</summary>
    public void ActAsOtherMdm(string locationUId, int acts)
    {
        lock (Gate)
        {
            Settle();
            for (var i = 0; i < acts; i++)
            {
                OtherMdmActs(Find(locationUId));
            }
        }
    }

    /// <summary>Events finished so far are unknown from now on (9708).</summary>
    public void ForgetEvents()
    {
        lock (Gate)
        {
            Settle();
            foreach (var location in _locations.Values)
            {
                foreach (var id in location.Events.Values.Where(e => e.FinishedAt is not null).Select(e => e.Id).ToArray())
                {
                    location.Events.Remove(id);
                }
            }
        }
    }

    /// <summary>Versions given out so far are unknown from now on (9721).</summary>
    public void ForgetVersions()
    {
        lock (Gate)
        {
            foreach (var location in _locations.Values)
            {
                location.ForgetVersions();
            }
        }
    }

    /// <summary>Works every accepted event off at once, frozen or not.</summary>
    public void FinishEvents()
    {
        lock (Gate)
        {
            Settle(toTheEnd: true);
        }
    }

    /// <summary>Moves this stand-in's clock on, so that events finish and tokens expire. Delays that are already running are not shortened.</summary>
    public void AdvanceClock(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (Gate)
        {
            _clock.Advance(by);
            Settle();
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

using System.Globalization;

namespace VppBooks.SimulatedCloud.Apple;

public sealed partial class AppleSimulator
{
    private readonly Dictionary<string, LocationState> _locations = new(StringComparer.Ordinal);
    private readonly BoundedLog<LedgerEntry> _ledger = new(int.MaxValue);
    private readonly BoundedLog<RequestEntry> _requests = new(20_000);
    private readonly List<EventState> _open = [];
    private readonly SkewedClock _clock;
    private readonly ITimer _timer;
    private Random _random;
    private int _run;

    /// <summary>Guards everything below; re-entered freely by the thread that holds it.</summary>
    internal Lock Gate { get; } = new();

    internal SimulatedCloudOptions Options { get; }

    internal ContentTokens Tokens { get; }

    internal AppleAccounts People { get; }

    internal NotificationSender Notifications { get; }

    internal StoreShelf Store { get; } = new();

    internal Dictionary<string, (LocationState Location, UserState User)> Invitations { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, int> RefusedTargets { get; } = new(StringComparer.Ordinal);

    internal DateTimeOffset Now => Clock.GetUtcNow();

    internal IEnumerable<LocationState> LocationStates => _locations.Values;

    /// <summary>
    /// Called when the organization is filled. From here on ids follow from the start time too: the demo's database outlives the stand-ins, and an event
    /// of this run must not have the id of one it knows.
    /// </summary>
    internal void BeginRun() => _random = new Random((int)(Options.Seed ^ (Now.UtcTicks / TimeSpan.TicksPerMillisecond)) ^ (_run << 20));

    internal LocationState AddLocation(string uId, string name, string country, string platform)
    {
        var location = new LocationState { UId = uId, Name = name, Country = country, Platform = platform, WhenChanged = () => Changed() };
        _locations.Add(uId, location);
        return location;
    }

    internal LocationState Find(string uId) => _locations.TryGetValue(uId, out var location) ? location : throw new ArgumentException($"No location has the uId '{uId}'.", nameof(uId));

    internal LocationState? FindOrNull(string? uId) => uId is null ? null : _locations.GetValueOrDefault(uId);

    internal void Note(LocationState location, string adamId, string pricingParam, string target, string? eventId, SpendResult result)
    {
        var now = Now;
        _ledger.Add(seq => new LedgerEntry(seq, now, location.UId, adamId, pricingParam, target, eventId, result));
        Changed();
    }

    internal void Log(Func<int, RequestEntry> entry) => _requests.Add(entry);

    internal string NextHex(int bytes)
    {
        Span<byte> buffer = stackalloc byte[bytes];
        lock (Gate)
        {
            _random.NextBytes(buffer);
        }

        return Convert.ToHexStringLower(buffer);
    }

    internal string NextGuid()
    {
        Span<byte> buffer = stackalloc byte[16];
        lock (Gate)
        {
            _random.NextBytes(buffer);
        }

        // Version and variant of a random UUID, so that a strict reader takes it.
        buffer[7] = (byte)((buffer[7] & 0x0F) | 0x40);
        buffer[8] = (byte)((buffer[8] & 0x3F) | 0x80);
        return new Guid(buffer).ToString("D", CultureInfo.InvariantCulture);
    }

    internal int[]? NextOrder(int tasks)
    {
        if (!Switches.ShuffleTasks)
        {
            return null;
        }

        var order = Enumerable.Range(0, tasks).ToArray();
        _random.Shuffle(order);
        return order;
    }

    /// <summary>Takes work on; it runs as the clock advances.</summary>
    internal void Accept(EventState accepted)
    {
        accepted.Location.Events.Add(accepted.Id, accepted);
        _open.Add(accepted);
        Changed();
        Settle(only: accepted, toTheEnd: Switches.NotifyBeforeAnswer);
    }

    /// <summary>Catches up with the clock. Called under the gate before anything is read or changed.</summary>
    internal void Settle(bool toTheEnd = false, EventState? only = null)
    {
        var now = Now;
        foreach (var work in _open)
        {
            if ((only is null || work == only) && work.Advance(now, Switches, toTheEnd))
            {
                Changed();
            }
        }

        _open.RemoveAll(work => work.FinishedAt is not null);
        if (Switches.OtherMdmActsEvery > TimeSpan.Zero)
        {
            foreach (var location in _locations.Values.Where(l => l.ClaimedByOther))
            {
                for (var acts = 0; acts < 100 && now - location.OtherActedAt >= Switches.OtherMdmActsEvery; acts++)
                {
                    location.OtherActedAt += Switches.OtherMdmActsEvery;
                    OtherMdmActs(location);
                }
            }
        }

        Wake(now);
    }

    internal static AssetState FindAsset(LocationState location, string adamId, string pricingParam) =>
        location.AssetsByKey.TryGetValue((adamId, pricingParam), out var asset) ? asset : throw new ArgumentException($"{location.Name} does not own {adamId} in {pricingParam}.", nameof(adamId));

    internal AssetCounts CountsOf(AssetState asset) => new(
        asset.Total,
        asset.Assigned,
        asset.IsUnlimited && !Switches.UnlimitedCountsDown ? AssetState.Unlimited : asset.Available,
        asset.Retired);

    private void Tick()
    {
        lock (Gate)
        {
            Settle();
        }
    }

    private void Wake(DateTimeOffset now)
    {
        if (_open.Count == 0 || Switches.FreezeEvents)
        {
            return;
        }

        var due = _open.Min(work => work.NextDue(Switches)) - now;
        _timer.Change(due > TimeSpan.FromMilliseconds(1) ? due : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void TellCount(LocationState location, AssetState asset, int delta) =>
        Notifications.Post(location, "ASSET_COUNT", writer =>
        {
            writer.WriteString("adamId", asset.AdamId);
            writer.WriteNumber("countDelta", delta);
            writer.WriteString("pricingParam", asset.PricingParam);
        });

    private void OtherMdmActs(LocationState location)
    {
        switch (_random.Next(4))
        {
            case 0:
                var name = string.Create(CultureInfo.InvariantCulture, $"omdm-new-{location.Users.Count}");
                People.Associate(location, People.Register(location, name, null), name + "@icloud.other.example");
                break;
            case 1 when location.Users[_random.Next(location.Users.Count)] is { IsActive: true } leaver && leaver.ClientUserId.StartsWith("omdm-", StringComparison.Ordinal):
                People.Retire(location, leaver, null);
                break;
            default:
                var asset = location.Assets[_random.Next(location.Assets.Count)];
                if (location.Users[_random.Next(location.Users.Count)] is { IsActive: true } user && asset.Available > 0 && !location.Holds(asset, user.Index))
                {
                    location.Assign(asset, user.Index);
                    Note(location, asset.AdamId, asset.PricingParam, user.ClientUserId, null, SpendResult.Spent);
                }

                break;
        }
    }
}

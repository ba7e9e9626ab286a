using VppBooks.SimulatedCloud.Memory;

namespace VppBooks.SimulatedCloud.Apple;

internal enum UserStatus
{
    Registered,
    Associated,
    Retired,
    Deleted,
}

internal sealed record MdmClaim(string Id, string Name, string Metadata);

/// <summary>A row of <c>GET /users</c>. One client user id can have an active row and older retired ones, linked by <see cref="Older"/>.</summary>
internal sealed class UserState
{
    public required int Index { get; init; }

    public required string ClientUserId { get; init; }

    public string? Email { get; set; }

    /// <summary>Apple Account behind the record; kept when the record is retired, because the licenses stay with it.</summary>
    public string? Account { get; set; }

    public string? InviteCode { get; set; }

    public string? IdHash { get; set; }

    public UserStatus Status { get; set; }

    public int Version { get; set; }

    public UserState? Older { get; init; }

    public bool IsActive => Status is UserStatus.Registered or UserStatus.Associated;
}

/// <summary>One assignment of an asset: an index into users, or the complement of an index into serial numbers.</summary>
internal readonly record struct Holder(int Target, int Version);

internal sealed class AssetState
{
    public const int Unlimited = int.MaxValue;

    public required int Index { get; init; }

    public required string AdamId { get; init; }

    public required string PricingParam { get; init; }

    public required bool IsBook { get; init; }

    public int Total { get; set; }

    public int Retired { get; set; }

    public bool Listed { get; set; } = true;

    public string[] Platforms { get; init; } = [];

    public List<Holder> Holders { get; } = [];

    /// <summary>Newest version among the holders, so that a delta skips untouched assets.</summary>
    public int NewestHolder { get; set; }

    public bool IsUnlimited => Total == Unlimited;

    public int Assigned => Holders.Count;

    public int Available => Total - Holders.Count;
}

/// <summary>Everything Apple knows about a location. Guarded by the simulator's gate.</summary>
internal sealed class LocationState
{
    private int _change = 1;

    public required string UId { get; init; }

    public required string Name { get; set; }

    public required string Country { get; init; }

    public required string Platform { get; init; }

    /// <summary>Called with every new version.</summary>
    public required Action WhenChanged { get; init; }

    public string WebsiteUrl => Platform == "volumestore" ? "https://school.apple.com" : "https://business.apple.com";

    public MdmClaim? Claim { get; set; }

    public bool ClaimedByOther { get; set; }

    public DateTimeOffset OtherActedAt { get; set; }

    public string? NotificationUrl { get; set; }

    public string? NotificationToken { get; set; }

    public IReadOnlyList<string> NotificationTypes { get; set; } = [];

    public List<AssetState> Assets { get; } = [];

    public Dictionary<(string AdamId, string PricingParam), AssetState> AssetsByKey { get; } = [];

    public List<UserState> Users { get; } = [];

    /// <summary>Newest record of each client user id.</summary>
    public Dictionary<string, UserState> NewestUsers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, UserState> ActiveByAccount { get; } = new(StringComparer.OrdinalIgnoreCase);

    public int InactiveUsers { get; set; }

    public List<string> Serials { get; } = [];

    public Dictionary<string, int> SerialIndex { get; } = new(StringComparer.Ordinal);

    public HashSet<long> Held { get; } = [];

    public List<(AssetState Asset, Holder Holder)> Removed { get; } = [];

    public Dictionary<string, EventState> Events { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, int> RequestCounts { get; } = new(StringComparer.Ordinal);

    /// <summary>Number of the last token.</summary>
    public int IssuedTokens { get; set; }

    /// <summary>Tokens up to this number are revoked.</summary>
    public int RevokedTokens { get; set; }

    /// <summary>Tokens up to this number died with the password of their downloader.</summary>
    public int OutdatedTokens { get; set; }

    public double RateTokens { get; set; }

    public DateTimeOffset RateReadAt { get; set; }

    public int UnderWay { get; set; }

    public int AssetsVersion { get; private set; } = 1;

    public int AssignmentsVersion { get; private set; } = 1;

    public int UsersVersion { get; private set; } = 1;

    /// <summary>Versions before this one are no longer known.</summary>
    public int OldestVersion { get; private set; } = 1;

    /// <summary>All counters at once, to be written down and taken back.</summary>
    public SavedVersions Versions
    {
        get => new(_change, AssetsVersion, AssignmentsVersion, UsersVersion, OldestVersion);
        set => (_change, AssetsVersion, AssignmentsVersion, UsersVersion, OldestVersion) = value;
    }

    public void ForgetVersions() => OldestVersion = NextVersion();

    public void TouchAssets() => AssetsVersion = NextVersion();

    public int TouchAssignments() => AssignmentsVersion = NextVersion();

    public AssetState AddAsset(string adamId, string pricingParam, bool isBook, int total, string[] platforms)
    {
        var asset = new AssetState { Index = Assets.Count, AdamId = adamId, PricingParam = pricingParam, IsBook = isBook, Total = total, Platforms = platforms };
        Assets.Add(asset);
        AssetsByKey.Add((adamId, pricingParam), asset);
        TouchAssets();
        return asset;
    }

    public UserState AddUser(string clientUserId, string? email)
    {
        NewestUsers.TryGetValue(clientUserId, out var older);
        var user = new UserState { Index = Users.Count, ClientUserId = clientUserId, Email = email, Older = older, Version = UsersVersion = NextVersion() };
        Users.Add(user);
        NewestUsers[clientUserId] = user;
        return user;
    }

    public UserState? FindActive(string clientUserId) => NewestUsers.TryGetValue(clientUserId, out var user) && user.IsActive ? user : null;

    /// <summary>Marks a user as changed; with <paramref name="andAssignments"/> also the rows that show its state.</summary>
    public void TouchUser(UserState user, bool andAssignments)
    {
        user.Version = UsersVersion = NextVersion();
        if (!andAssignments)
        {
            return;
        }

        foreach (var asset in Assets)
        {
            if (!Held.Contains(HeldKey(asset, user.Index)))
            {
                continue;
            }

            var row = asset.Holders.FindIndex(h => h.Target == user.Index);
            asset.Holders[row] = new Holder(user.Index, _change);
            asset.NewestHolder = AssignmentsVersion = _change;
        }
    }

    public bool Holds(AssetState asset, int target) => Held.Contains(HeldKey(asset, target));

    public void Assign(AssetState asset, int target)
    {
        AssetsVersion = AssignmentsVersion = NextVersion();
        Hold(asset, new Holder(target, _change));
    }

    /// <summary>Puts a row in its place without giving it a new version.</summary>
    public void Hold(AssetState asset, Holder holder)
    {
        Held.Add(HeldKey(asset, holder.Target));
        asset.Holders.Add(holder);
        asset.NewestHolder = Math.Max(asset.NewestHolder, holder.Version);
    }

    public void Unassign(AssetState asset, int target)
    {
        Held.Remove(HeldKey(asset, target));
        asset.Holders.RemoveAt(asset.Holders.FindIndex(h => h.Target == target));
        AssetsVersion = AssignmentsVersion = NextVersion();
        Removed.Add((asset, new Holder(target, _change)));
    }

    public int SerialTarget(string serial)
    {
        if (!SerialIndex.TryGetValue(serial, out var index))
        {
            index = Serials.Count;
            Serials.Add(serial);
            SerialIndex.Add(serial, index);
        }

        return ~index;
    }

    public string TargetName(int target) => target >= 0 ? Users[target].ClientUserId : Serials[~target];

    private int NextVersion()
    {
        WhenChanged();
        return ++_change;
    }

    private static long HeldKey(AssetState asset, int target) => ((long)asset.Index << 32) | (uint)target;
}

using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Memory;

/// <summary>The counters behind Apple's version ids.</summary>
internal sealed record SavedVersions(int Change, int Assets, int Assignments, int Users, int Oldest);

/// <summary>An asset; its holders as pairs of target and version.</summary>
internal sealed record SavedAsset(string AdamId, string PricingParam, bool IsBook, int Total, int Retired, string[] Platforms, int[] Holders);

/// <summary>A user record; <paramref name="Older"/> is the position of the record before it with the same id.</summary>
internal sealed record SavedUser(string ClientUserId, string? Email, string? Account, string? InviteCode, string? IdHash, UserStatus Status, int Version, int? Older);

/// <summary>A location as it is written down.</summary>
internal sealed record SavedLocation
{
    /// <summary>Finished events that still answer after a restart; a client asks for recent ones only.</summary>
    private const int FinishedEvents = 1_000;

    public required string UId { get; init; }

    public required string Name { get; init; }

    public required string Country { get; init; }

    public required string Platform { get; init; }

    public MdmClaim? Claim { get; init; }

    public bool ClaimedByOther { get; init; }

    public DateTimeOffset OtherActedAt { get; init; }

    public string? NotificationUrl { get; init; }

    public string? NotificationToken { get; init; }

    public required string[] NotificationTypes { get; init; }

    public int IssuedTokens { get; init; }

    public int RevokedTokens { get; init; }

    public int OutdatedTokens { get; init; }

    public required SavedVersions Versions { get; init; }

    public required IReadOnlyList<SavedUser> Users { get; init; }

    public required string[] Serials { get; init; }

    public required IReadOnlyList<SavedAsset> Assets { get; init; }

    /// <summary>Assignments taken away: asset, target and version of each.</summary>
    public required int[] Removed { get; init; }

    public required IReadOnlyList<SavedEvent> Events { get; init; }

    /// <summary>Copies a location. Called under the simulator's gate.</summary>
    public static SavedLocation Of(LocationState location) => new()
    {
        UId = location.UId,
        Name = location.Name,
        Country = location.Country,
        Platform = location.Platform,
        Claim = location.Claim,
        ClaimedByOther = location.ClaimedByOther,
        OtherActedAt = location.OtherActedAt,
        NotificationUrl = location.NotificationUrl,
        NotificationToken = location.NotificationToken,
        NotificationTypes = [.. location.NotificationTypes],
        IssuedTokens = location.IssuedTokens,
        RevokedTokens = location.RevokedTokens,
        OutdatedTokens = location.OutdatedTokens,
        Versions = location.Versions,
        Users = [.. location.Users.Select(u => new SavedUser(u.ClientUserId, u.Email, u.Account, u.InviteCode, u.IdHash, u.Status, u.Version, u.Older?.Index))],
        Serials = [.. location.Serials],
        Assets =
        [
            .. location.Assets.Select(a => new SavedAsset(
                a.AdamId, a.PricingParam, a.IsBook, a.Total, a.Retired, a.Platforms, [.. a.Holders.SelectMany(h => new[] { h.Target, h.Version })])),
        ],
        Removed = [.. location.Removed.SelectMany(r => new[] { r.Asset.Index, r.Holder.Target, r.Holder.Version })],
        Events =
        [
            .. location.Events.Values.Where(e => e.FinishedAt is not null).OrderBy(e => e.FinishedAt).TakeLast(FinishedEvents)
                .Concat(location.Events.Values.Where(e => e.FinishedAt is null).OrderBy(e => e.AcceptedAt))
                .Select(SavedEvent.Of),
        ],
    };

    /// <exception cref="InvalidDataException">The parts do not fit together.</exception>
    public LocationState ToState(AppleSimulator simulator)
    {
        var location = new LocationState
        {
            UId = UId,
            Name = Name,
            Country = Country,
            Platform = Platform,
            WhenChanged = () => simulator.Changed(),
            Claim = Claim,
            ClaimedByOther = ClaimedByOther,
            OtherActedAt = OtherActedAt,
            NotificationUrl = NotificationUrl,
            NotificationToken = NotificationToken,
            NotificationTypes = NotificationTypes,
            IssuedTokens = IssuedTokens,
            RevokedTokens = RevokedTokens,
            OutdatedTokens = OutdatedTokens,
        };
        AddUsers(location);
        AddAssets(location);
        foreach (var saved in Events)
        {
            location.Events.Add(saved.Id, saved.ToState(simulator, location));
        }

        // Last, because adding counted too.
        location.Versions = Versions;
        return location;
    }

    private void AddUsers(LocationState location)
    {
        foreach (var saved in Users)
        {
            var user = new UserState
            {
                Index = location.Users.Count,
                ClientUserId = saved.ClientUserId,
                Email = saved.Email,
                Account = saved.Account,
                InviteCode = saved.InviteCode,
                IdHash = saved.IdHash,
                Status = saved.Status,
                Version = saved.Version,
                Older = saved.Older is { } older ? location.Users[Within(older, location.Users.Count)] : null,
            };
            location.Users.Add(user);
            location.NewestUsers[user.ClientUserId] = user;
            if (!user.IsActive)
            {
                location.InactiveUsers++;
            }
            else if (user.Account is { } account)
            {
                location.ActiveByAccount[account] = user;
            }
        }

        foreach (var serial in Serials)
        {
            location.SerialTarget(serial);
        }
    }

    private void AddAssets(LocationState location)
    {
        foreach (var saved in Assets)
        {
            var asset = location.AddAsset(saved.AdamId, saved.PricingParam, saved.IsBook, saved.Total, saved.Platforms);
            asset.Retired = saved.Retired;
            foreach (var holder in saved.Holders.Chunk(2))
            {
                location.Hold(asset, HolderOf(location, holder));
            }
        }

        foreach (var removed in Removed.Chunk(3))
        {
            location.Removed.Add((location.Assets[Within(removed[0], location.Assets.Count)], HolderOf(location, removed[1..])));
        }
    }

    private static Holder HolderOf(LocationState location, int[] pair)
    {
        if (pair is not [var target, var version])
        {
            throw new InvalidDataException("A holder has two numbers.");
        }

        Within(target >= 0 ? target : ~target, target >= 0 ? location.Users.Count : location.Serials.Count);
        return new Holder(target, version);
    }

    private static int Within(int index, int count) =>
        index >= 0 && index < count ? index : throw new InvalidDataException($"{index} is beyond the {count} that are known.");
}

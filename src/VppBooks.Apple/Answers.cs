namespace VppBooks.Apple;

/// <summary>Who manages a location, as written by <c>POST client/config</c> (reference 1.6).</summary>
/// <param name="Id">Unique per installation and location; the only part that is compared.</param>
/// <param name="Name">The product.</param>
/// <param name="Metadata">Free text, often a host name.</param>
public sealed record MdmInfo(string Id, string? Name, string? Metadata);

/// <summary>What every authenticated answer carries (reference 2.2).</summary>
/// <param name="UId">The location's identity at Apple.</param>
/// <param name="TokenExpires">Expiry of the token used, UTC; null when absent or unreadable (keep the old date).</param>
/// <param name="MdmInfo">The current claim; null when nobody claimed the location.</param>
public sealed record Envelope(string? UId, DateTimeOffset? TokenExpires, MdmInfo? MdmInfo);

/// <summary>Limits and addresses, re-read every five minutes (reference 3).</summary>
public sealed record ServiceConfig(
    IReadOnlyDictionary<string, int> Limits, IReadOnlyDictionary<string, string> Urls, IReadOnlyList<string> NotificationTypes, IReadOnlyDictionary<int, string> ErrorCodes)
{
    /// <summary>Assets per associate request.</summary>
    public int MaxAssets => Limit("maxAssets", 25);

    /// <summary>Users per associate request.</summary>
    public int MaxClientUserIds => Limit("maxClientUserIds", 1000);

    /// <summary>Users per create, update or retire request.</summary>
    public int MaxUsers => Limit("maxUsers", 100);

    /// <summary>Requests per second of one location, all callers together.</summary>
    public int MaxRequestsPerSecond => Limit("maxRequestPerSecond", 15);

    /// <summary>The invitation link with the literal <c>%25inviteCode%25</c>; null when the service does not publish one (reference 6.4).</summary>
    public string? InvitationUrlTemplate => Urls.GetValueOrDefault("invitationEmail");

    /// <summary>The legacy look-up of titles; null when not published (reference 7.2).</summary>
    public string? ContentMetadataLookupUrl => Urls.GetValueOrDefault("contentMetadataLookup");

    private int Limit(string name, int published) => Limits.TryGetValue(name, out var value) && value > 0 ? value : published;
}

/// <summary>A location's own settings at Apple (reference 2.5).</summary>
public sealed record ClientConfig(
    Envelope Envelope,
    string? LocationName,
    string? CountryIso2ACode,
    string? DefaultPlatform,
    string? WebsiteUrl,
    string? NotificationUrl,
    IReadOnlyList<string> SubscribedNotificationTypes);

/// <summary>What to change with <c>POST client/config</c>; a null part is left as it is (reference 2.5).</summary>
public sealed record ClientConfigChange(
    MdmInfo? MdmInfo = null, string? NotificationUrl = null, string? NotificationAuthToken = null, IReadOnlyList<string>? NotificationTypes = null);

/// <summary>The kind of an asset.</summary>
public enum ProductType
{
    /// <summary>A kind this client does not know.</summary>
    Unknown = 0,

    /// <summary>An app; never a book.</summary>
    App = 1,

    /// <summary>A book.</summary>
    Book = 2,
}

/// <summary>One row of <c>GET /assets</c> (reference 2.6).</summary>
/// <param name="Key">Store id and quality.</param>
/// <param name="ProductType">App or book.</param>
/// <param name="TotalCount">Licenses owned; meaningless when <paramref name="Unlimited"/>.</param>
/// <param name="AssignedCount">Licenses assigned, those of retired people included.</param>
/// <param name="AvailableCount">Licenses free; meaningless when <paramref name="Unlimited"/>.</param>
/// <param name="RetiredCount">Outside total = assigned + available; meaning not documented.</param>
/// <param name="Unlimited">A free title without a stock: total 2147483647, or listed under <c>unlimitedAssets</c>.</param>
/// <param name="Revocable">False for books.</param>
/// <param name="DeviceAssignable">False for books.</param>
public sealed record Asset(
    AssetKey Key, ProductType ProductType, long TotalCount, long AssignedCount, long AvailableCount, long RetiredCount, bool Unlimited, bool Revocable, bool DeviceAssignable);

/// <summary>A person's standing at a location (reference 6.3).</summary>
public enum VppUserStatus : byte
{
    /// <summary>A value this client does not know.</summary>
    Unknown = 0,

    /// <summary>Invited: has an invite code, no Apple Account yet.</summary>
    Registered = 1,

    /// <summary>Connected with an Apple Account.</summary>
    Associated = 2,

    /// <summary>Retired; keeps the books it has.</summary>
    Retired = 3,

    /// <summary>Retired, and its Apple Account now belongs to a newer record with the same id.</summary>
    Deleted = 4,
}

/// <summary>One row of <c>GET /assignments</c>: a license of a person or (apps only) of a device (reference 2.7).</summary>
public readonly record struct Assignment(
    string AdamId, PricingParam PricingParam, string? ClientUserId, string? SerialNumber, VppUserStatus? UserStatus, string? IdHash);

/// <summary>One row of <c>GET /users</c> (reference 2.8). One <c>clientUserId</c> can have one active row and any number of retired ones.</summary>
public sealed record VppUserRow(string ClientUserId, string? Email, VppUserStatus Status, string? InviteCode, string? IdHash);

/// <summary>Which assets to read.</summary>
public sealed record AssetQuery(ProductType? ProductType = null, string? AdamId = null, PricingParam? PricingParam = null);

/// <summary>Which assignments to read. Rows of retired users are always included, with the users' state (reference 2.7).</summary>
public sealed record AssignmentQuery(string? AdamId = null, PricingParam? PricingParam = null, string? ClientUserId = null, string? SinceVersionId = null);

/// <summary>Which users to read.</summary>
public sealed record VppUserQuery(string? ClientUserId = null, string? SinceVersionId = null);

/// <summary>One page as Apple sent it (reference 2.3).</summary>
public sealed record Page<T>(IReadOnlyList<T> Rows, int Index, int TotalPages, bool HasNext, string? VersionId, Envelope Envelope)
{
    /// <summary>Rows left out because they do not say what they are about: with them missing, absence proves nothing.</summary>
    internal int Unusable { get; init; }
}

/// <summary>The outcome of reading all pages of a list.</summary>
/// <param name="Clean">
/// True when every page had one version: absence in the result proves absence at Apple. False when data moved while paging and the
/// remedy of reference 2.3 was used: rows may be added or changed on its basis, never removed.
/// </param>
/// <param name="FirstVersionId">The version to ask the next delta with.</param>
/// <param name="Pages">Pages read, the extra ones of a moved list included.</param>
/// <param name="Rows">Rows handed out, repeats included.</param>
/// <param name="Envelope">Of the last page.</param>
public sealed record Traversal(bool Clean, string? FirstVersionId, int Pages, long Rows, Envelope Envelope);

/// <summary>How far a traversal has come.</summary>
public readonly record struct PageProgress(int PagesRead, int TotalPages, long Rows);

/// <summary>What to tell Apple about one person.</summary>
/// <param name="ClientUserId">Our id for the person: a lower-case GUID, fixed for life.</param>
/// <param name="Email">For the invitation's bookkeeping; syntax-checked by Apple (9717).</param>
/// <param name="ManagedAppleId">Associates at once, without an invitation (reference 6.5).</param>
public sealed record VppUserChange(string ClientUserId, string? Email = null, string? ManagedAppleId = null);

/// <summary>What became of a request that changes something at Apple. It was sent exactly once.</summary>
public abstract record ChangeOutcome
{
    private ChangeOutcome()
    {
    }

    /// <summary>The claim that the answer named, whatever else it said; null when it named none.</summary>
    public MdmInfo? Claim { get; init; }

    /// <summary>Apple took the work on; <paramref name="EventId"/> is a handle, not a result.</summary>
    public sealed record Accepted(string EventId, Envelope Envelope) : ChangeOutcome;

    /// <summary>Apple said no before doing anything: a documented error number in a 4xx (or 200) answer, 429 included.</summary>
    public sealed record Refused(AppleRefusal Refusal) : ChangeOutcome;

    /// <summary>Not sent at all: the rate gate or the caller's cancellation stopped it before the first byte left.</summary>
    public sealed record NotSent(string Reason) : ChangeOutcome;

    /// <summary>Nobody knows: time-out, reset, 5xx, unreadable or event-less answer. Only a read can tell.</summary>
    public sealed record Unknown(string Reason, TimeSpan? RetryAfter = null) : ChangeOutcome
    {
        /// <summary>A bare 401 or 403: no word of Apple's about the request, but enough to send no further one. Null otherwise.</summary>
        public AppleRefusal? Refusal { get; init; }
    }
}

/// <summary>State of accepted work (reference 2.12).</summary>
public enum EventState
{
    /// <summary>A value this client does not know.</summary>
    Unknown = 0,

    /// <summary>Not finished.</summary>
    Pending = 1,

    /// <summary>Apple claims that every task was done. A claim, not a proof.</summary>
    Complete = 2,

    /// <summary>At least one task failed; others may be done.</summary>
    Failed = 3,
}

/// <summary>One failure of an event: a number and the targets it names, possibly none (reference 4.2).</summary>
public sealed record EventFailure(int ErrorNumber, string? ErrorMessage, IReadOnlyList<AssetKey> Assets, IReadOnlyList<string> ClientUserIds);

/// <summary>Answer of <c>GET /status</c>.</summary>
public sealed record EventStatus(EventState State, string? EventType, int NumRequested, int NumCompleted, IReadOnlyList<EventFailure> Failures, Envelope Envelope);

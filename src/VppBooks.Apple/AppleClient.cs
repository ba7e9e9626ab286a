namespace VppBooks.Apple;

/// <summary>Where and how Apple is reached.</summary>
public sealed class AppleOptions
{
    /// <summary>Root of App and Book Management, without a trailing slash.</summary>
    public string BaseUrl { get; set; } = "https://vpp.itunes.apple.com/mdm/v2";

    /// <summary>Public store look-up, used where the one of service config does not answer.</summary>
    public string StoreLookupUrl { get; set; } = "https://itunes.apple.com/lookup";

    /// <summary>Longest wait for one request, 5 s to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Pages requested at the same time, 1 to 5 (Apple allows five).</summary>
    public int ParallelPages { get; set; } = 5;

    /// <summary>Largest answer that is read, in bytes.</summary>
    public int MaxResponseBytes { get; set; } = 10 * 1024 * 1024;
}

/// <summary>
/// App and Book Management v2, the part that books need. Reads retry by themselves and honor <c>Retry-After</c>; requests that change
/// something are sent once. All calls of one location share one rate gate.
/// </summary>
public sealed class AppleClient
{
    /// <summary>Limits and addresses; cached for five minutes, published values when the service cannot be read.</summary>
    public Task<ServiceConfig> GetServiceConfigAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Forgets the cached service config, after Apple refused a size that the cached limits allowed.</summary>
    public void ForgetServiceConfig() => throw new NotImplementedException();

    /// <summary>The location's settings and claim. Does not throw <see cref="ClaimLostException"/>: this is how a claim is looked up.</summary>
    /// <exception cref="AppleException">Refused, unavailable or malformed.</exception>
    public Task<ClientConfig> GetClientConfigAsync(AppleLocation location, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Claims the location or sets its notifications. Safe to repeat.</summary>
    /// <exception cref="AppleException">Refused, unavailable or malformed.</exception>
    public Task<ClientConfig> SetClientConfigAsync(AppleLocation location, ClientConfigChange change, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads all pages of assets, up to five at once; <paramref name="onPage"/> is called for one page at a time.</summary>
    /// <exception cref="AppleException">A page failed for good: the caller must not conclude anything from missing rows.</exception>
    public Task<Traversal> ReadAssetsAsync(
        AppleLocation location, AssetQuery query, Func<IReadOnlyList<Asset>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>The first page of a list of assignments, to learn how long the list is before choosing how to read it.</summary>
    public Task<Page<Assignment>> GetFirstAssignmentsPageAsync(AppleLocation location, AssignmentQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads all pages of assignments, going on from <paramref name="first"/> when given.</summary>
    public Task<Traversal> ReadAssignmentsAsync(
        AppleLocation location, AssignmentQuery query, Page<Assignment>? first, Func<IReadOnlyList<Assignment>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Reads all pages of users.</summary>
    public Task<Traversal> ReadUsersAsync(
        AppleLocation location, VppUserQuery query, Func<IReadOnlyList<VppUserRow>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Registers people (at most <see cref="ServiceConfig.MaxUsers"/>). Sent once.</summary>
    public Task<ChangeOutcome> CreateUsersAsync(AppleLocation location, IReadOnlyList<VppUserChange> users, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes e-mail addresses or associates Managed Apple Accounts. Sent once.</summary>
    public Task<ChangeOutcome> UpdateUsersAsync(AppleLocation location, IReadOnlyList<VppUserChange> users, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Retires people. Their books stay with them for good. Sent once.</summary>
    public Task<ChangeOutcome> RetireUsersAsync(AppleLocation location, IReadOnlyList<string> clientUserIds, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Gives each person a license of each asset. Cannot be taken back. Sent once; never retried here.</summary>
    public Task<ChangeOutcome> AssociateAsync(AppleLocation location, IReadOnlyList<AssetKey> assets, IReadOnlyList<string> clientUserIds, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>State of accepted work.</summary>
    /// <exception cref="AppleRefusedException">9708 when Apple does not know the event (any more).</exception>
    public Task<EventStatus> GetEventStatusAsync(AppleLocation location, string eventId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Until when Apple asked us to leave the location alone; null when it did not.</summary>
    public DateTimeOffset? PausedUntil(string locationKey) => throw new NotImplementedException();
}

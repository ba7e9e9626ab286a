using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Apple.Transport;
using VppBooks.Apple.Wire;

namespace VppBooks.Apple;

/// <summary>
/// App and Book Management v2, the part that books need. Reads retry by themselves and honor <c>Retry-After</c>; requests that change
/// something are sent once. All calls of one location share one rate gate.
/// </summary>
/// <remarks>Every member may be called from several threads. Each request waits for at most <see cref="AppleOptions.RequestTimeout"/>.</remarks>
public sealed class AppleClient
{
    private static readonly TimeSpan LongestConfigRead = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AssetsPause = TimeSpan.FromSeconds(2);
    private const int AssetsRereads = 3;

    private readonly AppleOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ServiceConfigCache _serviceConfig;
    private readonly AppleCaller _caller;

    internal AppleClient(IHttpClientFactory clients, IOptions<AppleOptions> options, TimeProvider clock, ILogger<AppleClient> logger, Random random, AppleTelemetry telemetry)
    {
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        var configTimeout = _options.RequestTimeout < LongestConfigRead ? _options.RequestTimeout : LongestConfigRead;
        _serviceConfig = new ServiceConfigCache(new Exchange(clients, _options, clock, configTimeout), _options, clock, logger);
        _caller = new AppleCaller(new Exchange(clients, _options, clock, _options.RequestTimeout), _serviceConfig, _options, clock, random, telemetry, logger);
    }

    /// <summary>How many pages may be asked for at the same time, 1 to 5.</summary>
    public int ParallelPages => Math.Clamp(_options.ParallelPages, 1, 5);

    /// <summary>Limits and addresses; cached for five minutes, published values when the service cannot be read.</summary>
    public Task<ServiceConfig> GetServiceConfigAsync(CancellationToken cancellationToken) => _serviceConfig.GetAsync(cancellationToken).AsTask();

    /// <summary>Forgets the cached service config, after Apple refused a size that the cached limits allowed.</summary>
    public void ForgetServiceConfig() => _serviceConfig.Forget();

    /// <summary>The location's settings and claim. Does not throw <see cref="ClaimLostException"/>: this is how a claim is looked up.</summary>
    /// <exception cref="AppleException">Refused, unavailable or malformed.</exception>
    public async Task<ClientConfig> GetClientConfigAsync(AppleLocation location, CancellationToken cancellationToken)
    {
        var answer = await _caller.ReadAsync(location, "/client/config", body: null, () => new WireClientConfig(changed: false), checkClaim: false, cancellationToken);
        return answer.ToClientConfig();
    }

    /// <summary>Claims the location or sets its notifications. Safe to repeat. The answer may hold only the changed parts (reference 2.5).</summary>
    /// <exception cref="AppleException">Refused, unavailable or malformed.</exception>
    public async Task<ClientConfig> SetClientConfigAsync(AppleLocation location, ClientConfigChange change, CancellationToken cancellationToken)
    {
        // The answer may still carry the claim from before the change, so it is not compared (reference 1.6).
        var answer = await _caller.ReadAsync(location, "/client/config", Requests.ClientConfig(change), () => new WireClientConfig(changed: true), checkClaim: false, cancellationToken);
        return answer.ToClientConfig();
    }

    /// <summary>Reads all pages of assets, up to five at once; <paramref name="onPage"/> is called for one page at a time.</summary>
    /// <remarks>When the list changes meanwhile it is read again up to three times, and its rows are handed out again: the last one of a key counts.</remarks>
    /// <exception cref="AppleException">A page failed for good: the caller must not conclude anything from missing rows.</exception>
    public async Task<Traversal> ReadAssetsAsync(
        AppleLocation location, AssetQuery query, Func<IReadOnlyList<Asset>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken)
    {
        var paging = Paging<Asset, WireAssets>(location, "/assets", (index, _) => AssetsPath(query, index), onPage, query.Includes, progress);
        for (var reread = 0; ; reread++)
        {
            var (version, moved) = await paging.ReadAsync(sinceVersionId: null, first: null, cancellationToken);
            if (!moved || version is null || reread == AssetsRereads)
            {
                return Finish(location, "/assets", paging, version, moved);
            }

            // Assets have no delta; after a moment the list may hold still (reference 2.3).
            _logger.ListMoved(location.Key, "/assets");
            await Task.Delay(AssetsPause, _clock, cancellationToken);
        }
    }

    /// <summary>The first page of a list of assignments, to learn how long the list is before choosing how to read it.</summary>
    /// <exception cref="AppleException">Refused, unavailable, malformed or claimed by another.</exception>
    public async Task<Page<Assignment>> GetFirstAssignmentsPageAsync(AppleLocation location, AssignmentQuery query, CancellationToken cancellationToken)
    {
        var answer = await _caller.ReadAsync(location, AssignmentsPath(query, 0, query.SinceVersionId), body: null, () => new WireAssignments(), checkClaim: true, cancellationToken);
        return VppBooks.Apple.Paging<Assignment>.Accept(answer, 0);
    }

    /// <summary>Reads all pages of assignments, going on from <paramref name="first"/> when given.</summary>
    /// <exception cref="AppleException">A page failed for good: the caller must not conclude anything from missing rows.</exception>
    public async Task<Traversal> ReadAssignmentsAsync(
        AppleLocation location, AssignmentQuery query, Page<Assignment>? first, Func<IReadOnlyList<Assignment>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken)
    {
        var paging = Paging<Assignment, WireAssignments>(location, "/assignments", (index, since) => AssignmentsPath(query, index, since), onPage, query.Includes, progress);
        return await ReadWithDeltaAsync(location, "/assignments", paging, query.SinceVersionId, first, cancellationToken);
    }

    /// <summary>Reads all pages of users.</summary>
    /// <exception cref="AppleException">A page failed for good: the caller must not conclude anything from missing rows.</exception>
    public async Task<Traversal> ReadUsersAsync(
        AppleLocation location, VppUserQuery query, Func<IReadOnlyList<VppUserRow>, CancellationToken, ValueTask> onPage, IProgress<PageProgress>? progress, CancellationToken cancellationToken)
    {
        var paging = Paging<VppUserRow, WireUsers>(location, "/users", (index, since) => UsersPath(query, index, since), onPage, query.Includes, progress);
        return await ReadWithDeltaAsync(location, "/users", paging, query.SinceVersionId, first: null, cancellationToken);
    }

    /// <summary>Registers people (at most <see cref="ServiceConfig.MaxUsers"/>). Sent once.</summary>
    public Task<ChangeOutcome> CreateUsersAsync(AppleLocation location, IReadOnlyList<VppUserChange> users, CancellationToken cancellationToken) =>
        _caller.ChangeAsync(location, "/users/create", Requests.Users(users), cancellationToken);

    /// <summary>Changes e-mail addresses or associates Managed Apple Accounts. Sent once.</summary>
    public Task<ChangeOutcome> UpdateUsersAsync(AppleLocation location, IReadOnlyList<VppUserChange> users, CancellationToken cancellationToken) =>
        _caller.ChangeAsync(location, "/users/update", Requests.Users(users), cancellationToken);

    /// <summary>Retires people. Their books stay with them for good. Sent once.</summary>
    public Task<ChangeOutcome> RetireUsersAsync(AppleLocation location, IReadOnlyList<string> clientUserIds, CancellationToken cancellationToken) =>
        _caller.ChangeAsync(location, "/users/retire", Requests.Users([.. clientUserIds.Select(id => new VppUserChange(id))]), cancellationToken);

    /// <summary>Gives each person a license of each asset. Cannot be taken back. Sent once; never retried here.</summary>
    /// <exception cref="ArgumentException">An asset's quality is unknown: which stock it would be taken from cannot be said.</exception>
    public Task<ChangeOutcome> AssociateAsync(AppleLocation location, IReadOnlyList<AssetKey> assets, IReadOnlyList<string> clientUserIds, CancellationToken cancellationToken) =>
        assets.Any(asset => asset.PricingParam is not (PricingParam.STDQ or PricingParam.PLUS))
            ? throw new ArgumentException("An asset of unknown quality is shown, never spent.", nameof(assets))
            : _caller.ChangeAsync(location, "/assets/associate", Requests.Associate(assets, clientUserIds), cancellationToken);

    /// <summary>State of accepted work.</summary>
    /// <exception cref="AppleRefusedException">9708 when Apple does not know the event (any more).</exception>
    public async Task<EventStatus> GetEventStatusAsync(AppleLocation location, string eventId, CancellationToken cancellationToken)
    {
        var answer = await _caller.ReadAsync(location, Requests.Path("/status", ("eventId", eventId)), body: null, () => new WireStatus(), checkClaim: true, cancellationToken);
        return answer.ToEventStatus();
    }

    /// <summary>Until when Apple asked us to leave the location alone; null when it did not.</summary>
    public DateTimeOffset? PausedUntil(string locationKey) => _caller.Gate(locationKey).PausedUntil;

    private Paging<TRow> Paging<TRow, TWire>(
        AppleLocation location, string list, Func<int, string?, string> path, Func<IReadOnlyList<TRow>, CancellationToken, ValueTask> onPage, Predicate<TRow> wanted, IProgress<PageProgress>? progress)
        where TWire : WirePage<TRow>, new() =>
        new(
            async (index, since, cancellationToken) =>
            {
                var page = await _caller.ReadAsync(location, path(index, since), body: null, () => new TWire(), checkClaim: true, cancellationToken);
                if (page.Unusable > 0)
                {
                    _logger.RowsUnusable(location.Key, list, page.Unusable);
                }

                return page;
            },
            ParallelPages,
            onPage,
            wanted,
            progress);

    private async Task<Traversal> ReadWithDeltaAsync<T>(AppleLocation location, string list, Paging<T> paging, string? sinceVersionId, Page<T>? first, CancellationToken cancellationToken)
    {
        var (version, moved) = await paging.ReadAsync(sinceVersionId, first, cancellationToken);
        if (moved && version is not null)
        {
            _logger.ListMoved(location.Key, list);
            try
            {
                // Rows that slipped from one page to another while we read are among those changed since the first page (reference 2.3).
                await paging.ReadAsync(version, first: null, cancellationToken);
            }
            catch (AppleRefusedException exception) when (exception.Refusal.Error.Category == ErrorCategory.Version)
            {
                // Nothing to go on with; the result says that it is not clean, and that is true.
            }
        }

        return Finish(location, list, paging, version, moved);
    }

    private static Traversal Finish<T>(AppleLocation location, string list, Paging<T> paging, string? version, bool moved) =>
        new(!moved && paging.Unusable == 0, version, paging.Pages, paging.Rows, paging.LastEnvelope ?? new(null, null, null));

    private static string AssetsPath(AssetQuery query, int index) => Requests.Path(
        "/assets",
        ("pageIndex", PageIndex(index)),
        ("productType", query.ProductType switch { ProductType.Book => "Book", ProductType.App => "App", _ => null }),
        ("adamId", query.AdamId),
        ("pricingParam", Pricing(query.PricingParam)));

    // Retired people's rows stay in the list and say so: books are stuck with them (reference 2.7).
    private static string AssignmentsPath(AssignmentQuery query, int index, string? since) => Requests.Path(
        "/assignments",
        ("pageIndex", PageIndex(index)),
        ("includeUserState", "true"),
        ("adamId", query.AdamId),
        ("pricingParam", Pricing(query.PricingParam)),
        ("clientUserId", query.ClientUserId),
        ("sinceVersionId", since));

    private static string UsersPath(VppUserQuery query, int index, string? since) =>
        Requests.Path("/users", ("pageIndex", PageIndex(index)), ("clientUserId", query.ClientUserId), ("sinceVersionId", since));

    private static string? PageIndex(int index) => index == 0 ? null : index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? Pricing(PricingParam? pricing) => pricing switch { PricingParam.STDQ => "STDQ", PricingParam.PLUS => "PLUS", _ => null };
}

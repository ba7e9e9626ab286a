using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Notifications;

/// <summary>
/// Tells Apple where to send a location's notifications, with a secret of its own (reference 2.5). Apple delivers a test to the address before it answers, so
/// the hash of the secret is stored first; the one before it stays good until Apple has confirmed the new one.
/// </summary>
public sealed class NotificationRegistration(
    IDbContextFactory<VppBooksDbContext> contexts,
    LeasedWriter writer,
    LocationConnections connections,
    LocationHealth health,
    AppleClient apple,
    NotificationOptions options,
    ChangeFeed feed,
    TimeProvider clock,
    ILogger<NotificationRegistration> logger)
{
    private const int Undeliverable = 9728;

    private static readonly TimeSpan AfterUnreachable = TimeSpan.FromHours(1);
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromDays(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(5);

    // The secret itself lives until Apple confirmed it: when an answer is lost, the same one is offered again, because Apple may be using it already.
    private readonly ConcurrentDictionary<int, string> _offered = new();
    private readonly ConcurrentDictionary<int, DateTimeOffset> _next = new();

    /// <summary>Registers when that is due. Called in the location's turn, after a sync that was wanted. Failures are kept with the location, not thrown.</summary>
    /// <returns>When to come back; null when nothing is to be done.</returns>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task<DateTimeOffset?> RegisterAsync(Lease lease, CancellationToken cancellationToken)
    {
        Location? location;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            location = await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lease.LocationId, cancellationToken);
        }

        if (location is null || !location.CanWrite)
        {
            return null;
        }

        if (options.AddressOf(location.PublicId) is not { } address)
        {
            return await StopAsync(lease, location, cancellationToken);
        }

        if (location.NotificationState == NotificationState.Registered && location.NotificationUrl == address)
        {
            return null;
        }

        // A turn that waits for Apple's pause to end would hold everything else up.
        var now = clock.GetUtcNow();
        if (new[] { NotBefore(location), location.PausedUntil, apple.PausedUntil(location.UId) }.Max() is { } later && later > now)
        {
            return later;
        }

        try
        {
            await RegisterAsync(lease, location, address, cancellationToken);
            _next.TryRemove(lease.LocationId, out _);
            return null;
        }
        catch (AppleRefusedException e) when (e.Refusal.Error.Category is not (ErrorCategory.Token or ErrorCategory.Permission or ErrorCategory.Later))
        {
            var number = e.Refusal.Error.Number;
            logger.NotificationsRefused(lease.LocationId, number);
            var state = number == Undeliverable ? NotificationState.Unreachable : NotificationState.Refused;
            await SettleAsync(lease, location, state, number, confirmed: null, cancellationToken);
            return _next[lease.LocationId] = clock.GetUtcNow() + (state == NotificationState.Unreachable ? AfterUnreachable : AfterRefusal);
        }
        catch (Exception e) when (e is AppleException or TokenUnreadableException)
        {
            await health.RecordAsync(lease.LocationId, e, cancellationToken);
            logger.RegistrationFailed(lease.LocationId, e.GetType().Name);
            return _next[lease.LocationId] = clock.GetUtcNow() + AfterFailure;
        }
    }

    /// <summary>Compares what Apple says in a sync's claim check with what was registered; where it differs it is registered again in the same turn.</summary>
    /// <exception cref="LeaseLostException">Another owner has the location.</exception>
    public async Task CompareAsync(Lease lease, Location location, ClientConfig config, CancellationToken cancellationToken)
    {
        if (location.NotificationState != NotificationState.Registered)
        {
            return;
        }

        // After a restore the secret may be an older one than Apple's, which cannot be seen from outside.
        var same = !location.MustReadFirst && config.NotificationUrl == location.NotificationUrl && NotificationTypes.Wanted.All(config.SubscribedNotificationTypes.Contains);
        if (!same)
        {
            logger.RegistrationDiffers(lease.LocationId);
            await SettleAsync(lease, location, NotificationState.Polling, errorNumber: null, confirmed: null, cancellationToken);
        }
        else
        {
            var now = clock.GetUtcNow();
            await writer.WriteAsync(lease, db => db.Locations.Where(l => l.Id == lease.LocationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.NotificationCheckedAt, now), cancellationToken), cancellationToken);
        }
    }

    /// <summary>Locations whose notifications are to be registered now, as far as the database tells.</summary>
    public async Task<IReadOnlyList<int>> ListDueAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        if (options.PublicUrl.Length == 0)
        {
            return [];
        }

        var now = clock.GetUtcNow();
        var prefix = options.PublicUrl.TrimEnd('/') + NotificationOptions.Path + "/";
        var open = await db.Locations.AsNoTracking()
            .Where(l => l.DeletedAt == null && l.State == TokenState.Valid && l.ClaimConfirmed && !l.ReadOnly && !l.MustReadFirst && (l.PausedUntil == null || l.PausedUntil <= now))
            .Where(l => l.NotificationState != NotificationState.Registered || l.NotificationUrl == null || !l.NotificationUrl.StartsWith(prefix))
            .ToListAsync(cancellationToken);
        return [.. open.Where(l => NotBefore(l) is not { } later || later <= now).Select(l => l.Id)];
    }

    private async Task RegisterAsync(Lease lease, Location location, string address, CancellationToken cancellationToken)
    {
        var session = connections.Connect(location);
        var config = await apple.GetClientConfigAsync(session, cancellationToken);
        if (config.Envelope.MdmInfo?.Id != session.ExpectedClaimId)
        {
            throw new ClaimLostException(config.Envelope.MdmInfo);
        }

        var secret = await PrepareAsync(lease, location, cancellationToken);
        await apple.SetClientConfigAsync(session, new ClientConfigChange(null, address, secret, NotificationTypes.Wanted), cancellationToken);
        await SettleAsync(lease, location, NotificationState.Registered, errorNumber: null, confirmed: address, cancellationToken);
        _offered.TryRemove(lease.LocationId, out _);
        logger.NotificationsRegistered(lease.LocationId);
    }

    /// <summary>A secret whose hash is in the database before Apple hears of it.</summary>
    private async Task<string> PrepareAsync(Lease lease, Location location, CancellationToken cancellationToken)
    {
        if (_offered.TryGetValue(lease.LocationId, out var offered) && location.NotificationSecretHash is { } stored && CryptographicOperations.FixedTimeEquals(stored, NotificationGate.HashOfSecret(offered)))
        {
            return offered;
        }

        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var hash = NotificationGate.HashOfSecret(secret);
        await writer.WriteAsync(
            lease,
            async db =>
            {
                var row = await db.Locations.SingleAsync(l => l.Id == lease.LocationId, cancellationToken);
                // A secret that Apple never confirmed is not kept in the place of one that it did.
                row.NotificationFormerHash ??= row.NotificationUrl is null ? null : row.NotificationSecretHash;
                row.NotificationSecretHash = hash;
            },
            cancellationToken);
        _offered[lease.LocationId] = secret;
        return secret;
    }

    /// <summary>Nothing of ours to register. What Apple still sends to an earlier address is taken as before.</summary>
    private async Task<DateTimeOffset?> StopAsync(Lease lease, Location location, CancellationToken cancellationToken)
    {
        if (location.NotificationState != NotificationState.Polling)
        {
            await SettleAsync(lease, location, NotificationState.Polling, errorNumber: null, confirmed: null, cancellationToken);
        }

        return null;
    }

    private async Task SettleAsync(Lease lease, Location location, NotificationState state, int? errorNumber, string? confirmed, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await writer.WriteAsync(
            lease,
            async db =>
            {
                var row = await db.Locations.SingleAsync(l => l.Id == lease.LocationId, cancellationToken);
                if (row.NotificationState != state || row.NotificationErrorNumber != errorNumber || (confirmed is not null && row.NotificationUrl != confirmed))
                {
                    db.Audit(
                        Actor.System, now, "location.notifications-changed", new AuditSubject(lease.LocationId),
                        new { before = row.NotificationState.ToString(), after = state.ToString(), errorNumber, address = confirmed });
                }

                (row.NotificationState, row.NotificationErrorNumber, row.NotificationCheckedAt) = (state, errorNumber, now);
                if (confirmed is not null)
                {
                    (row.NotificationUrl, row.NotificationFormerHash) = (confirmed, null);
                }
            },
            cancellationToken);
        (location.NotificationState, location.NotificationErrorNumber) = (state, errorNumber);
        feed.Publish(new Change.OfLocation(lease.LocationId));
    }

    /// <summary>Tried once after every start, because somebody may have changed the address or a firewall; then at these times.</summary>
    private DateTimeOffset? NotBefore(Location location) => _next.TryGetValue(location.Id, out var next) ? next : null;
}

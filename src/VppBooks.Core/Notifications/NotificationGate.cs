using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Notifications;

/// <summary>The location that a notification's secret belongs to.</summary>
/// <param name="LocationId">The location.</param>
/// <param name="UId">Apple's identity of it: what the notification has to speak of.</param>
public sealed record NotificationOrigin(int LocationId, string UId);

/// <summary>
/// Tells by the secret whether a notification comes from Apple. Secrets are kept as hashes and compared in fixed time. What is known is remembered for some
/// seconds, because Apple's notifications come in bursts; a secret that does not fit is always compared with what the database says at that moment.
/// </summary>
public sealed class NotificationGate(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    // What an unknown location's secret is compared with, so that it takes the same time.
    private static readonly byte[] NoSecret = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private Snapshot? _known;

    /// <summary>Finds the origin of a request.</summary>
    /// <param name="locationPublicId">The location of the address that was called.</param>
    /// <param name="authorization">The request's <c>Authorization</c> header as it came; null or malformed is no secret.</param>
    /// <param name="mayAsk">Whether the database may be asked about a secret that does not fit what is remembered; called at most once, and only for such a one.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null when the secret is not that location's, or there is no such location.</returns>
    /// <exception cref="System.Data.Common.DbException">The database cannot be asked.</exception>
    public async Task<NotificationOrigin?> FindAsync(Guid locationPublicId, string? authorization, Func<bool> mayAsk, CancellationToken cancellationToken)
    {
        var shown = HashOf(authorization);
        var known = await KnownAsync(cancellationToken);
        if (Match(known.Locations.GetValueOrDefault(locationPublicId), shown) is { } origin)
        {
            return origin;
        }

        if (!mayAsk())
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return Match(await Secrets(db).SingleOrDefaultAsync(l => l.PublicId == locationPublicId, cancellationToken), shown);
    }

    /// <summary>Hash of a secret as <see cref="Location.NotificationSecretHash"/> keeps it.</summary>
    public static byte[] HashOfSecret(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public void Dispose() => _reading.Dispose();

    private static byte[] HashOf(string? authorization)
    {
        const string Scheme = "Bearer ";
        var secret = authorization is { Length: <= 1024 } && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : "";
        return HashOfSecret(secret);
    }

    private static NotificationOrigin? Match(KnownSecret? location, byte[] shown)
    {
        var current = CryptographicOperations.FixedTimeEquals(location?.Current ?? NoSecret, shown);
        var former = CryptographicOperations.FixedTimeEquals(location?.Former ?? NoSecret, shown);
        return location is not null && (current | former) ? new NotificationOrigin(location.Id, location.UId) : null;
    }

    private async Task<Snapshot> KnownAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } known)
        {
            return known;
        }

        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } meanwhile)
            {
                return meanwhile;
            }

            var readAt = clock.GetTimestamp();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var locations = await Secrets(db).ToListAsync(cancellationToken);
            return _known = new Snapshot(locations.ToFrozenDictionary(l => l.PublicId), readAt);
        }
        finally
        {
            _reading.Release();
        }

        Snapshot? Fresh() => _known is { } k && clock.GetElapsedTime(k.ReadAt) < Remembered ? k : null;
    }

    private static IQueryable<KnownSecret> Secrets(VppBooksDbContext db) => db.Locations.AsNoTracking()
        .Where(l => l.DeletedAt == null && l.NotificationSecretHash != null)
        .Select(l => new KnownSecret { Id = l.Id, PublicId = l.PublicId, UId = l.UId, Current = l.NotificationSecretHash!, Former = l.NotificationFormerHash });

    private sealed record KnownSecret
    {
        public int Id { get; init; }

        public Guid PublicId { get; init; }

        public required string UId { get; init; }

        public required byte[] Current { get; init; }

        public byte[]? Former { get; init; }
    }

    private sealed record Snapshot(FrozenDictionary<Guid, KnownSecret> Locations, long ReadAt);
}

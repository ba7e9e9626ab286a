using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Locations;

/// <summary>Turns what Apple says about a token into the location's state, with an audit row for every change.</summary>
public sealed class LocationHealth(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock, ChangeFeed feed)
{
    /// <summary>Pseudo number for a token that cannot be decrypted here.</summary>
    public const int UnreadableHere = -1;

    /// <summary>Records a failure. Outages change nothing: they say nothing about the token.</summary>
    public async Task RecordAsync(int locationId, Exception failure, CancellationToken cancellationToken)
    {
        Action<Location>? change = failure switch
        {
            ClaimLostException lost => l => Claimed(l, lost.Seen),
            AppleRefusedException { Refusal.Error: { Category: ErrorCategory.Token } error } => l => Refused(l, error),
            AppleRefusedException { Refusal.Error: { Category: ErrorCategory.Permission } error } => l => ReadOnly(l, error),
            AppleRefusedException { Refusal: { Error.Category: ErrorCategory.Later, RetryAfter: { } wait } } => l => l.PausedUntil = clock.GetUtcNow() + wait,
            AppleUnavailableException { RetryAfter: { } wait } => l => l.PausedUntil = clock.GetUtcNow() + wait,
            TokenUnreadableException => Unreadable,
            _ => null,
        };
        if (change is not null)
        {
            await ChangeAsync(locationId, change, cancellationToken);
        }
    }

    /// <summary>Records a refusal of a change.</summary>
    public Task RecordAsync(int locationId, AppleRefusal refusal, CancellationToken cancellationToken) =>
        RecordAsync(locationId, new AppleRefusedException(refusal), cancellationToken);

    /// <summary>Looks at an answer to a change: its claim must be ours.</summary>
    /// <returns>False when the location is claimed by somebody else: stop.</returns>
    public async Task<bool> CheckAsync(AppleLocation location, int locationId, Envelope envelope, CancellationToken cancellationToken)
    {
        if (location.ExpectedClaimId is null || envelope.MdmInfo?.Id == location.ExpectedClaimId)
        {
            return true;
        }

        await ChangeAsync(locationId, l => Claimed(l, envelope.MdmInfo), cancellationToken);
        return false;
    }

    /// <summary>Looks at an answer that was no success: it need not carry a claim, but when it carries another's, nothing more may be sent.</summary>
    /// <returns>False when the location is claimed by somebody else: stop.</returns>
    public async Task<bool> CheckAsync(AppleLocation location, int locationId, ChangeOutcome outcome, CancellationToken cancellationToken)
    {
        if (location.ExpectedClaimId is not { } expected || outcome.Claim is not { } seen || seen.Id == expected)
        {
            return true;
        }

        await ChangeAsync(locationId, l => Claimed(l, seen), cancellationToken);
        return false;
    }

    /// <summary>Records until when the location is left alone, so that screens can say so and other servers keep to it.</summary>
    public Task PauseAsync(int locationId, DateTimeOffset until, CancellationToken cancellationToken) =>
        ChangeAsync(locationId, l => l.PausedUntil = l.PausedUntil > until ? l.PausedUntil : until, cancellationToken);

    private async Task ChangeAsync(int locationId, Action<Location> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var location = await db.Locations.SingleAsync(l => l.Id == locationId, cancellationToken);
            var before = (location.State, location.ReadOnly, location.ClaimedByName);
            change(location);
            if (!db.ChangeTracker.HasChanges())
            {
                return;
            }

            var now = clock.GetUtcNow();
            location.ModifiedAt = now;
            if (before != (location.State, location.ReadOnly, location.ClaimedByName))
            {
                db.Audit(Actor.System, now, "location.state-changed", new AuditSubject(locationId), new
                {
                    before = before.State.ToString(),
                    after = location.State.ToString(),
                    readOnly = location.ReadOnly,
                    errorNumber = location.StateErrorNumber,
                    claimedBy = location.ClaimedByName,
                });
            }

            try
            {
                await db.SaveChangesAsync(cancellationToken);
                feed.Publish(new Change.OfLocation(locationId));
                return;
            }
            catch (DbUpdateConcurrencyException) when (attempt < 5)
            {
                // Somebody else changed the row meanwhile: look at it again.
            }
        }
    }

    private static void Claimed(Location location, MdmInfo? seen)
    {
        location.State = TokenState.AssignedToExternalMdm;
        location.StateErrorNumber = null;
        location.ClaimConfirmed = false;
        location.ClaimedByName = Cut(seen?.Name, 256) ?? "";
        location.ClaimedByMetadata = Cut(seen?.Metadata, 512);
        location.MustReadFirst = true;
        // What another manager does meanwhile may be in no delta of ours.
        location.UsersVersionId = null;
        location.AssignmentsVersionId = null;
    }

    private static void Refused(Location location, AppleError error)
    {
        location.State = error.Number == 9621 ? TokenState.Expired : TokenState.Invalid;
        location.StateErrorNumber = error.Number;
    }

    private static void ReadOnly(Location location, AppleError error)
    {
        location.ReadOnly = true;
        location.StateErrorNumber = error.Number;
    }

    private static void Unreadable(Location location)
    {
        location.State = TokenState.Invalid;
        location.StateErrorNumber = UnreadableHere;
    }

    private static string? Cut(string? text, int length) => text is null || text.Length <= length ? text : text[..length];
}

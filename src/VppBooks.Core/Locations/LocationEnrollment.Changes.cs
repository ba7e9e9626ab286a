using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

public sealed partial class LocationEnrollment
{
    /// <summary>Replaces the token of a location by a newer one of the same location; everything else stays.</summary>
    public Task<ChangeLocationResult> RenewAsync(Guid publicId, TokenUpload token, Actor actor, CancellationToken cancellationToken) =>
        RenewAsync(publicId, token, expectedVersion: null, actor, cancellationToken);

    /// <inheritdoc cref="RenewAsync(Guid, TokenUpload, Actor, CancellationToken)"/>
    /// <param name="publicId">The location.</param>
    /// <param name="token">The newer token.</param>
    /// <param name="expectedVersion">The version the change was based on; null: whatever it is now.</param>
    /// <param name="actor">Who renews it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ChangeLocationResult> RenewAsync(Guid publicId, TokenUpload token, int? expectedVersion, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        if (await FindAsync(publicId, cancellationToken) is not { } row)
        {
            return Refused(LocationRefusals.NotFound);
        }

        var (fresh, _, refusal) = Judge(token, actor);
        if (fresh is null)
        {
            return Refused(Logged(refusal!));
        }

        // The same file is a remedy where the stored one does not work; anywhere else it is a mistake worth telling.
        if (fresh.Fingerprint == row.TokenFingerprint && row.State is not (TokenState.Invalid or TokenState.Unknown) && CanOpen(row))
        {
            return Refused(Logged(LocationRefusals.AlreadyUploaded(new KnownLocation(row.PublicId, row.Name))));
        }

        var (config, uId, failure) = await AskAsync(fresh, cancellationToken);
        if (config is null)
        {
            return Refused(Logged(failure!));
        }

        if (uId != row.UId)
        {
            return Refused(Logged(LocationRefusals.OtherLibrary(row.LocationName, config.LocationName)));
        }

        var claim = ManagerOf(config, row.ClaimId) switch
        {
            TokenManager.Us => new Claim.Ours(),
            TokenManager.Other other => new Claim.Theirs(other),
            // Ours was there and is not any more: only an administrator's explicit decision puts it back.
            _ when row.ClaimConfirmed || row.State == TokenState.AssignedToExternalMdm => new Claim.Theirs(null),
            _ => await ClaimAsync(new AppleLocation(row.UId, fresh), row.ClaimId, cancellationToken),
        };
        if (claim is Claim.Failed failed)
        {
            return Refused(Logged(failed.Refusal));
        }

        return await SaveAsync(row.Id, actor, "location.renewed", stored =>
        {
            if (IsOther(stored, expectedVersion))
            {
                return LocationRefusals.ChangedMeanwhile;
            }

            var before = new { stored.State, stored.TokenExpires, stored.ReadOnly };
            if (stored.State == TokenState.AssignedToExternalMdm)
            {
                stored.MustReadFirst = true;
            }

            Fill(stored, fresh, config);
            CrashPoint.Hit("token.replace");
            Settle(stored, claim);
            WantSync(stored, SyncReason.Upload, actor);
            logger.TokenRenewed(stored.Id, stored.State);
            return new
            {
                before = new { state = before.State.ToString(), expires = before.TokenExpires, readOnly = before.ReadOnly },
                after = new { state = stored.State.ToString(), expires = stored.TokenExpires, readOnly = stored.ReadOnly },
            };
        }, CancellationToken.None);
    }

    /// <summary>What is wrong with a change, whatever it is meant for; null when it can be tried.</summary>
    public static LocationRefusal? Judge(LocationChange change) =>
        LocationFields.Check(change.Name, change.AppleAccount, change.CountryOrRegion) ?? (change.ConsentGranted == false ? LocationRefusals.ConsentMissing : null);

    /// <summary>Changes what the administrator says about a token.</summary>
    /// <param name="publicId">The location.</param>
    /// <param name="change">What to change.</param>
    /// <param name="expectedVersion">The version the change was based on; null: whatever it is now. A sync raises it too.</param>
    /// <param name="actor">Who changes it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ChangeLocationResult> UpdateAsync(Guid publicId, LocationChange change, int? expectedVersion, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        if (Judge(change) is { } refusal)
        {
            return Refused(refusal);
        }

        if (await FindAsync(publicId, cancellationToken) is not { } row)
        {
            return Refused(LocationRefusals.NotFound);
        }

        return await SaveAsync(row.Id, actor, "location.changed", stored =>
        {
            if (IsOther(stored, expectedVersion))
            {
                return LocationRefusals.ChangedMeanwhile;
            }

            var before = Described(stored);
            stored.Name = change.Name?.Trim() ?? stored.Name;
            stored.AppleAccount = change.AppleAccount?.Trim() ?? stored.AppleAccount;
            stored.AccountType = change.AccountType ?? stored.AccountType;
            stored.ConsentGranted |= change.ConsentGranted == true;
            if (LocationFields.Country(change.CountryOrRegion) is { } country && country != stored.CountryOrRegion)
            {
                stored.CountryOrRegion = country;
                if (stored.State == TokenState.Valid)
                {
                    stored.SyncWanted ??= SyncReason.Manual;
                    stored.SyncWantedByName ??= LocationFields.Cut(actor.DisplayName, 256);
                }
            }

            var after = Described(stored);
            return Equals(before, after) ? null : new { before, after };
        }, cancellationToken);
    }

    /// <summary>Claims a location that another device management holds. On purpose only; the next sync reads everything before anything is written.</summary>
    public Task<ChangeLocationResult> TakeControlAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) =>
        TakeControlAsync(publicId, expectedVersion: null, actor, cancellationToken);

    /// <inheritdoc cref="TakeControlAsync(Guid, Actor, CancellationToken)"/>
    /// <param name="publicId">The location.</param>
    /// <param name="expectedVersion">The version the decision was based on; null: whatever it is now.</param>
    /// <param name="actor">Who takes it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ChangeLocationResult> TakeControlAsync(Guid publicId, int? expectedVersion, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        if (await FindAsync(publicId, cancellationToken) is not { } row)
        {
            return Refused(LocationRefusals.NotFound);
        }

        TokenManager seen;
        AppleLocation location;
        try
        {
            location = connections.Connect(row) with { ExpectedClaimId = null };
            seen = ManagerOf(await apple.GetClientConfigAsync(location, cancellationToken), row.ClaimId);
        }
        catch (TokenUnreadableException)
        {
            return Refused(LocationRefusals.Unreadable);
        }
        catch (AppleException e)
        {
            return Refused(LocationRefusals.Of(e));
        }

        if (seen is TokenManager.Us && row is { ClaimConfirmed: true, State: TokenState.Valid })
        {
            return new ChangeLocationResult.Changed(row.PublicId, row.Version);
        }

        // Who was there is written down first: after the claim nobody could tell any more, nor could it be refused because the row has changed.
        var other = seen as TokenManager.Other;
        if (await SaveAsync(
            row.Id,
            actor,
            "location.control-requested",
            stored => IsOther(stored, expectedVersion) ? LocationRefusals.ChangedMeanwhile : new { claimedBy = other?.Name, metadata = other?.Metadata },
            cancellationToken) is ChangeLocationResult.Rejected rejected)
        {
            return rejected;
        }

        switch (await ClaimAsync(location, row.ClaimId, cancellationToken))
        {
            case Claim.Failed { Refusal: var failed }:
                return Refused(failed);
            case Claim.NotPermitted { Refusal: var notPermitted }:
                return Refused(notPermitted);
            case Claim.Theirs { Other: { } winner }:
                return Refused(LocationRefusals.Claimed(winner));
        }

        CrashPoint.Hit("control.after-claim");
        return await SaveAsync(row.Id, actor, "location.control-taken", stored =>
        {
            var before = stored.State.ToString();
            Settle(stored, new Claim.Ours());
            WantSync(stored, SyncReason.TakeOver, actor);
            stored.MustReadFirst = true;
            logger.ControlTaken(stored.Id);
            return new { before, after = stored.State.ToString(), takenFrom = other?.Name, metadata = other?.Metadata };
        }, CancellationToken.None);
    }

    private static bool IsOther(Location stored, int? expectedVersion) => expectedVersion is { } expected && stored.Version != expected;

    private static Description Described(Location row) =>
        new(row.Name, row.AppleAccount, row.AccountType.ToString(), row.CountryOrRegion, row.ConsentGranted);

    private static ChangeLocationResult.Rejected Refused(LocationRefusal refusal) => new(refusal);

    private bool CanOpen(Location row)
    {
        try
        {
            connections.Connect(row);
            return true;
        }
        catch (Exception e) when (e is TokenUnreadableException or CryptographicException)
        {
            return false;
        }
    }

    private async Task<Location?> FindAsync(Guid publicId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.PublicId == publicId && l.DeletedAt == null, cancellationToken);
    }

    /// <summary>Changes the row and writes the audit row in one transaction; starts over when somebody else was quicker.</summary>
    /// <param name="locationId">The row.</param>
    /// <param name="actor">Who.</param>
    /// <param name="action">Name in the audit trail.</param>
    /// <param name="change">Changes the row; gives the audit details, null when nothing changed, or a <see cref="LocationRefusal"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private async Task<ChangeLocationResult> SaveAsync(int locationId, Actor actor, string action, Func<Location, object?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.Locations.SingleAsync(l => l.Id == locationId, cancellationToken);
            if (row.DeletedAt is not null)
            {
                return Refused(LocationRefusals.NotFound);
            }

            var details = change(row);
            if (details is null or LocationRefusal)
            {
                return details is LocationRefusal refusal ? Refused(refusal) : new ChangeLocationResult.Changed(row.PublicId, row.Version);
            }

            row.ModifiedAt = clock.GetUtcNow();
            db.Audit(actor, row.ModifiedAt, action, new AuditSubject(row.Id), details);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateConcurrencyException) when (attempt < 5)
            {
                continue;
            }

            Tell(row.Id);
            return new ChangeLocationResult.Changed(row.PublicId, row.Version);
        }
    }

    private sealed record Description(string Name, string AppleAccount, string AccountType, string CountryOrRegion, bool ConsentGranted);
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Locations;

public sealed partial class LocationEnrollment
{
    private (ContentToken? Token, bool ExpiresSoon, LocationRefusal? Refusal) Judge(TokenUpload upload, Actor actor)
    {
        if (upload is not TokenUpload.Ticket ticket)
        {
            return Judge(ContentToken.Read(((TokenUpload.File)upload).Content.Span, clock.GetUtcNow()));
        }

        return tickets.Find(ticket.Value, actor) is { } canonical
            ? Judge(ContentToken.Read(System.Text.Encoding.ASCII.GetBytes(canonical), clock.GetUtcNow()))
            : (null, false, LocationRefusals.TicketGone);
    }

    private static (ContentToken? Token, bool ExpiresSoon, LocationRefusal? Refusal) Judge(ContentTokenReading reading) => reading switch
    {
        ContentTokenReading.Accepted accepted => (accepted.Token, accepted.ExpiresSoon, null),
        ContentTokenReading.Rejected rejected => (null, false, LocationRefusals.Of(rejected)),
        _ => throw new InvalidOperationException("A verdict that does not exist."),
    };

    /// <summary>The location behind a token that is not stored; its fingerprint stands for the location until Apple names it.</summary>
    private async Task<(ClientConfig? Config, string? UId, LocationRefusal? Refusal)> AskAsync(ContentToken token, CancellationToken cancellationToken)
    {
        try
        {
            var config = await apple.GetClientConfigAsync(new AppleLocation(token.Fingerprint, token), cancellationToken);

            // Without its identity a location could be stored twice and every license counted double.
            return config.Envelope.UId is { Length: > 0 and <= 64 } uId ? (config, uId, null) : (null, null, LocationRefusals.Unavailable(null));
        }
        catch (AppleException e)
        {
            return (null, null, LocationRefusals.Of(e));
        }
    }

    private async Task<Claim> ClaimAsync(AppleLocation location, Guid claimId, CancellationToken cancellationToken)
    {
        var id = claimId.ToString("D");
        try
        {
            var change = new ClientConfigChange(new MdmInfo(id, LocationOptions.MdmName, options.Value.MdmMetadata));
            var config = await apple.SetClientConfigAsync(location, change, cancellationToken);
            if (config.Envelope.MdmInfo?.Id != id)
            {
                // The answer to the change may be partial, or still carry what was there before it.
                config = await apple.GetClientConfigAsync(location, cancellationToken);
            }

            return ManagerOf(config, claimId) switch
            {
                TokenManager.Us => new Claim.Ours(),
                TokenManager.Other other => new Claim.Theirs(other),
                _ => new Claim.Failed(LocationRefusals.Unavailable(null)),
            };
        }
        catch (AppleRefusedException e) when (e.Refusal.Error.Category == ErrorCategory.Permission)
        {
            return new Claim.NotPermitted(e.Refusal.Error.Number, LocationRefusals.Of(e));
        }
        catch (AppleException e)
        {
            return new Claim.Failed(LocationRefusals.Of(e));
        }
    }

    private static TokenManager ManagerOf(ClientConfig config, Guid? claimId) => config.Envelope.MdmInfo switch
    {
        null => new TokenManager.None(),
        { Id: var id } when claimId is { } ours && id == ours.ToString("D") => new TokenManager.Us(),
        var other => new TokenManager.Other(LocationFields.Cut(other.Name ?? "", 256), other.Metadata is { } metadata ? LocationFields.Cut(metadata, 512) : null),
    };

    private async Task<LocationRefusal?> FindSameTokenAsync(ContentToken token, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var same = await db.Locations
            .Where(l => l.TokenFingerprint == token.Fingerprint && l.DeletedAt == null)
            .Select(l => new KnownLocation(l.PublicId, l.Name))
            .FirstOrDefaultAsync(cancellationToken);
        return same is null ? null : LocationRefusals.AlreadyUploaded(same);
    }

    private async Task<Location?> FindAsync(string uId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.UId == uId, cancellationToken);
    }

    /// <summary>Puts a token and what Apple says about its location into the row.</summary>
    private void Fill(Location row, ContentToken token, ClientConfig config)
    {
        row.OrganizationName = LocationFields.Cut(token.OrganizationName, 256);
        row.LocationName = NameOf(config, token);
        row.DefaultPlatform = config.DefaultPlatform is { } platform ? LocationFields.Cut(platform, 64) : null;
        row.WebsiteUrl = config.WebsiteUrl is { } url ? LocationFields.Cut(url, 512) : null;
        row.TokenSecret = sealer.Seal(token.ExposeSecret(), LocationConnections.Purpose(row.UId));
        row.TokenFingerprint = token.Fingerprint;
        row.TokenExpires = config.Envelope.TokenExpires ?? token.Expires;
    }

    /// <summary>Puts the outcome of a claim into the row. What was read before somebody else held the location is not to be built upon.</summary>
    private static void Settle(Location row, Claim claim)
    {
        row.State = TokenState.Valid;
        row.StateErrorNumber = null;
        row.ReadOnly = false;
        row.ClaimConfirmed = claim is Claim.Ours;
        row.ClaimedByName = null;
        row.ClaimedByMetadata = null;
        row.PausedUntil = null;
        switch (claim)
        {
            case Claim.NotPermitted refused:
                row.ReadOnly = true;
                row.StateErrorNumber = refused.ErrorNumber;
                break;
            case Claim.Theirs { Other: var other }:
                row.State = TokenState.AssignedToExternalMdm;
                row.ClaimedByName = other?.Name ?? "";
                row.ClaimedByMetadata = other?.Metadata;
                row.MustReadFirst = true;
                break;
        }
    }

    /// <summary>Asks for a sync, unless another device management holds the location: then we do not touch it at all.</summary>
    private static void WantSync(Location row, SyncReason reason, Actor actor)
    {
        if (row.State != TokenState.Valid)
        {
            row.SyncWanted = null;
            row.SyncWantedByName = null;
            row.SyncStatus = row.LastSyncedAt is null ? SyncStatus.None : row.SyncStatus;
            return;
        }

        row.SyncWanted = reason;
        row.SyncWantedByName = LocationFields.Cut(actor.DisplayName, 256);
        row.SyncStatus = SyncStatus.InProgress;
        row.UsersVersionId = null;
        row.AssignmentsVersionId = null;
    }

    private void Tell(int locationId)
    {
        feed.Publish(new Change.OfLocation(locationId));
        work.Wake(locationId);
    }

    /// <summary>What became of claiming a location.</summary>
    private abstract record Claim
    {
        private Claim()
        {
        }

        /// <summary>Apple shows our claim.</summary>
        public sealed record Ours : Claim;

        /// <summary>Somebody else's claim stands; null: ours was removed and nobody's stands.</summary>
        public sealed record Theirs(TokenManager.Other? Other) : Claim;

        /// <summary>The token may read but not claim: kept for reading (parity paper T18).</summary>
        public sealed record NotPermitted(int ErrorNumber, LocationRefusal Refusal) : Claim;

        /// <summary>Not claimed, for a reason that stops the whole thing.</summary>
        public sealed record Failed(LocationRefusal Refusal) : Claim;
    }
}

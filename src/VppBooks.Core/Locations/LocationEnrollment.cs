using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Locations;

/// <summary>Takes tokens in, renews, changes and deletes them, and takes control of locations. Everything here needs <see cref="Permissions.ManageTokens"/>.</summary>
/// <remarks>
/// Apple knows us by a claim id that only our database remembers, so the id is committed before Apple hears it: as a row without a secret that
/// looks deleted. A crash leaves that row at worst, and the next attempt finds its own claim at Apple and completes it.
/// </remarks>
public sealed partial class LocationEnrollment(
    IDbContextFactory<VppBooksDbContext> contexts,
    AppleClient apple,
    LocationConnections connections,
    TokenTickets tickets,
    SecretSealer sealer,
    IdSource ids,
    ChangeFeed feed,
    WorkSignal work,
    IOptions<LocationOptions> options,
    TimeProvider clock,
    ILogger<LocationEnrollment> logger)
{
    /// <summary>Reads a token file and asks Apple about it. Stores nothing.</summary>
    public async Task<InspectTokenResult> InspectAsync(Stream file, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        var (token, expiresSoon, refusal) = Judge(await ContentToken.ReadAsync(file, clock.GetUtcNow(), cancellationToken));
        if (token is null)
        {
            return new InspectTokenResult.Rejected(Logged(refusal!));
        }

        var (config, uId, failure) = await AskAsync(token, cancellationToken);
        if (config is null)
        {
            return new InspectTokenResult.Rejected(Logged(failure!));
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Locations.AsNoTracking().SingleOrDefaultAsync(l => l.UId == uId, cancellationToken);
        var expires = config.Envelope.TokenExpires ?? token.Expires;
        var locationName = NameOf(config, token);
        return new InspectTokenResult.Accepted(new TokenPreview
        {
            OrganizationName = token.OrganizationName,
            LocationName = locationName,
            UId = uId!,
            CountryOrRegion = LocationFields.Country(config.CountryIso2ACode),
            Platform = config.DefaultPlatform,
            WebsiteUrl = config.WebsiteUrl,
            Expires = expires,
            ExpiresSoon = expiresSoon || expires - clock.GetUtcNow() <= TimeSpan.FromDays(30),
            AccountType = LocationFields.GuessType(config),
            ManagedBy = ManagerOf(config, row?.ClaimId),
            AlreadyHere = row is { DeletedAt: null } ? new KnownLocation(row.PublicId, row.Name) : null,
            WasHereBefore = row is { DeletedAt: not null, LastSyncedAt: not null },
            SuggestedName = await SuggestNameAsync(db, locationName, cancellationToken),
            Ticket = tickets.Keep(token.ExposeSecret(), actor),
        });
    }

    /// <summary>Claims the location at Apple and stores its token; the first sync starts by itself.</summary>
    public async Task<CreateLocationResult> CreateAsync(CreateLocation request, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ManageTokens);
        var (token, _, refusal) = Judge(request.Token, actor);
        refusal ??= LocationFields.Check(request.Name ?? "", request.AppleAccount, request.CountryOrRegion);
        refusal ??= request.ConsentGranted ? null : LocationRefusals.ConsentMissing;
        refusal ??= await FindSameTokenAsync(token!, cancellationToken);
        if (refusal is not null)
        {
            return Rejected(refusal);
        }

        var (config, uId, failure) = await AskAsync(token!, cancellationToken);
        if (config is null)
        {
            return Rejected(failure!);
        }

        var country = LocationFields.Country(request.CountryOrRegion ?? config.CountryIso2ACode);
        if (country is null)
        {
            return Rejected(LocationFields.Check(null, null, "")!);
        }

        var known = await FindAsync(uId!, cancellationToken);
        if (known is { DeletedAt: null })
        {
            return Rejected(LocationRefusals.AlreadyConnected(new KnownLocation(known.PublicId, known.Name)));
        }

        var seen = ManagerOf(config, known?.ClaimId);
        if (seen is TokenManager.Other other && !request.TakeControl && !request.AllowUnclaimed)
        {
            return Rejected(LocationRefusals.Claimed(other));
        }

        var draft = new Draft(request, token!, config, uId!, country, seen);
        var row = await IntendAsync(draft, known, actor, cancellationToken);
        var claim = seen is TokenManager.Other stranger && !request.TakeControl
            ? new Claim.Theirs(stranger)
            : await ClaimAsync(new AppleLocation(uId!, token!), row.ClaimId, cancellationToken);

        // Apple has our claim now: closing the page must not lose the rest.
        return claim is Claim.Failed failed
            ? Rejected(failed.Refusal)
            : await StoreAsync(draft, claim, actor, CancellationToken.None);
    }

    private static string NameOf(ClientConfig config, ContentToken token) =>
        LocationFields.Cut(string.IsNullOrWhiteSpace(config.LocationName) ? token.OrganizationName : config.LocationName.Trim(), 256);

    private static async Task<string> SuggestNameAsync(VppBooksDbContext db, string name, CancellationToken cancellationToken)
    {
        var taken = await db.Locations.Where(l => l.DeletedAt == null).Select(l => l.Name).ToListAsync(cancellationToken);
        var suggestion = name;
        for (var number = 2; taken.Contains(suggestion, StringComparer.OrdinalIgnoreCase); number++)
        {
            suggestion = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{LocationFields.Cut(name, 250)} {number}");
        }

        return suggestion;
    }

    /// <summary>Commits the claim id before Apple hears it. The row looks deleted until the token is stored.</summary>
    private async Task<Location> IntendAsync(Draft draft, Location? known, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var row = known;
        if (row is null)
        {
            row = new Location
            {
                PublicId = ids.NewId(),
                UId = draft.UId,
                Name = draft.Request.Name.Trim(),
                OrganizationName = LocationFields.Cut(draft.Token.OrganizationName, 256),
                LocationName = NameOf(draft.Config, draft.Token),
                AppleAccount = "",
                CountryOrRegion = draft.Country,
                ClaimId = ids.NewId(),
                MustReadFirst = true,
                CreatedAt = now,
                ModifiedAt = now,
                DeletedAt = now,
            };
            db.Locations.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
            {
                // Somebody else uploads a token of the same location: go on with that row, and so with its claim id.
                db.ChangeTracker.Clear();
                row = await db.Locations.AsNoTracking().SingleAsync(l => l.UId == draft.UId, cancellationToken);
            }
        }

        if (draft.Request.TakeControl && draft.Seen is TokenManager.Other other)
        {
            db.Audit(actor, now, "location.control-requested", new AuditSubject(row.Id), new { claimedBy = other.Name, metadata = other.Metadata });
            await db.SaveChangesAsync(cancellationToken);
        }

        return row;
    }

    private async Task<CreateLocationResult> StoreAsync(Draft draft, Claim claim, Actor actor, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.Locations.SingleAsync(l => l.UId == draft.UId, cancellationToken);
            if (row.DeletedAt is null)
            {
                return Rejected(LocationRefusals.AlreadyConnected(new KnownLocation(row.PublicId, row.Name)));
            }

            var now = clock.GetUtcNow();
            var revived = row.LastSyncedAt is not null;
            row.Name = draft.Request.Name.Trim();
            row.AppleAccount = draft.Request.AppleAccount?.Trim() ?? "";
            row.AccountType = draft.Request.AccountType ?? LocationFields.GuessType(draft.Config);
            row.CountryOrRegion = draft.Country;
            row.ConsentGranted = true;
            row.DeletedAt = null;
            Fill(row, draft.Token, draft.Config);
            Settle(row, claim);
            WantSync(row, SyncReason.Upload, actor);
            row.MustReadFirst = true;
            row.ModifiedAt = now;
            db.Audit(actor, now, "location.created", new AuditSubject(row.Id), new
            {
                name = row.Name,
                organization = row.OrganizationName,
                location = row.LocationName,
                countryOrRegion = row.CountryOrRegion,
                accountType = row.AccountType.ToString(),
                expires = row.TokenExpires,
                state = row.State.ToString(),
                takenFrom = draft.Request.TakeControl ? (draft.Seen as TokenManager.Other)?.Name : null,
                revived,
            });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateConcurrencyException) when (attempt < 5)
            {
                continue;
            }

            Tell(row.Id);
            if (draft.Request.Token is TokenUpload.Ticket ticket)
            {
                tickets.Forget(ticket.Value, actor);
            }

            logger.LocationStored(row.Id, claim.GetType().Name, revived);
            return new CreateLocationResult.Created(row.PublicId);
        }
    }

    private CreateLocationResult.Rejected Rejected(LocationRefusal refusal) => new(Logged(refusal));

    private LocationRefusal Logged(LocationRefusal refusal)
    {
        logger.UploadRefused(refusal.Code, refusal.AppleErrorNumber);
        return refusal;
    }

    private sealed record Draft(CreateLocation Request, ContentToken Token, ClientConfig Config, string UId, string Country, TokenManager Seen);
}

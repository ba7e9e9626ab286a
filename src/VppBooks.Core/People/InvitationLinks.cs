using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.People;

/// <summary>Makes the link with which a person connects an Apple Account. Whoever has the link can use it: it is never logged or stored.</summary>
public sealed class InvitationLinks(IDbContextFactory<VppBooksDbContext> contexts, AppleClient apple, SecretSealer sealer, TimeProvider clock)
{
    /// <summary>What Apple's address carries in place of the code (reference 6.4).</summary>
    private const string Placeholder = "%25inviteCode%25";

    /// <summary>Purpose that binds a sealed invite code to its record.</summary>
    public static string Purpose(string clientUserId) => "invite:" + clientUserId;

    /// <summary>The link of one person at one location, to hand it to that person.</summary>
    /// <exception cref="NotAllowedException">The actor may not resend invitations.</exception>
    public async Task<InvitationLinkResult> CreateAsync(Guid personPublicId, Guid locationPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.ResendInvitation);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.PublicId == personPublicId, cancellationToken) is { } person
            ? await GiveOutAsync(db, person, locationPublicId, actor, cancellationToken)
            : new InvitationLinkResult.NotAvailable(InvitationObstacle.NotFound);
    }

    /// <summary>The link of the person who asks for it.</summary>
    internal async Task<InvitationLinkResult> CreateOwnAsync(Person person, Guid locationPublicId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await GiveOutAsync(db, person, locationPublicId, Actor.Reader(person.PublicId), cancellationToken);
    }

    /// <summary>The link of a record, for whoever has checked already that it may be given out.</summary>
    internal async Task<InvitationLinkResult> MakeAsync(VppUser? user, CancellationToken cancellationToken)
    {
        if (Obstacle(user) is { } reason)
        {
            return new InvitationLinkResult.NotAvailable(reason);
        }

        if (Open(user!) is not { } code)
        {
            return new InvitationLinkResult.NotAvailable(InvitationObstacle.CodeUnreadable);
        }

        var template = (await apple.GetServiceConfigAsync(cancellationToken)).InvitationUrlTemplate;
        return template?.Contains(Placeholder, StringComparison.Ordinal) == true
            ? new InvitationLinkResult.Link(template.Replace(Placeholder, Uri.EscapeDataString(code), StringComparison.Ordinal))
            : new InvitationLinkResult.NotAvailable(InvitationObstacle.AddressUnknown);
    }

    /// <summary>What stands in the way of inviting, as far as the record tells; null: nothing.</summary>
    internal static InvitationObstacle? Obstacle(VppUser? user) => user switch
    {
        null => InvitationObstacle.NotRegistered,
        { Status: VppUserStatus.Associated } => InvitationObstacle.AlreadyAssociated,
        { Status: not VppUserStatus.Registered } => InvitationObstacle.NotRegistered,
        { InviteSecret: null } => InvitationObstacle.CodeUnknown,
        _ => null,
    };

    private async Task<InvitationLinkResult> GiveOutAsync(VppBooksDbContext db, Person person, Guid locationPublicId, Actor actor, CancellationToken cancellationToken)
    {
        var locationId = await db.Locations.Where(l => l.PublicId == locationPublicId && l.DeletedAt == null).Select(l => (int?)l.Id).SingleOrDefaultAsync(cancellationToken);
        if (locationId is null)
        {
            return new InvitationLinkResult.NotAvailable(InvitationObstacle.NotFound);
        }

        var user = await db.VppUsers.AsNoTracking().FirstOrDefaultAsync(u => u.PersonId == person.Id && u.LocationId == locationId && !u.Retired, cancellationToken);
        var answer = await MakeAsync(user, cancellationToken);
        if (answer is not InvitationLinkResult.Link)
        {
            return answer;
        }

        // Whoever was given a link could have used it: that it was given out is on record, the link itself is not.
        db.Audit(actor, clock.GetUtcNow(), "invitation.given-out", new AuditSubject(locationId, PersonId: person.Id));
        await db.SaveChangesAsync(cancellationToken);
        return answer;
    }

    private string? Open(VppUser user)
    {
        try
        {
            return sealer.Open(user.InviteSecret!, Purpose(user.ClientUserId));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

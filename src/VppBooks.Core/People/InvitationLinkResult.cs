namespace VppBooks.Core.People;

/// <summary>Answer of <see cref="InvitationLinks.CreateAsync"/>.</summary>
public abstract record InvitationLinkResult
{
    private InvitationLinkResult()
    {
    }

    /// <summary>The link. Its <c>ToString()</c> gives nothing away.</summary>
    public sealed record Link(string Url) : InvitationLinkResult
    {
        public override string ToString() => "[invitation link]";
    }

    /// <summary>There is no link to give.</summary>
    public sealed record NotAvailable(InvitationObstacle Obstacle) : InvitationLinkResult;
}

/// <summary>Why there is no invitation link.</summary>
public enum InvitationObstacle
{
    /// <summary>No such person or location.</summary>
    NotFound = 0,

    /// <summary>The person is not registered at the location.</summary>
    NotRegistered,

    /// <summary>The person has accepted already.</summary>
    AlreadyAssociated,

    /// <summary>Apple's invite code is not known yet: sync first.</summary>
    CodeUnknown,

    /// <summary>The stored code cannot be decrypted on this installation: sync first.</summary>
    CodeUnreadable,

    /// <summary>Apple does not publish an address for invitations now.</summary>
    AddressUnknown,

    /// <summary>The directory names no mail address of the person.</summary>
    NoMailAddress,

    /// <summary>No mail server is set (<c>Mail:Host</c>).</summary>
    MailOff,

    /// <summary>The person is disabled, a guest, or gone from the directory.</summary>
    PersonInactive,
}

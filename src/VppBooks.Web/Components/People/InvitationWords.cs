using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.People;

/// <summary>What is said about invitations and the mails that carry them.</summary>
internal static class InvitationWords
{
    /// <summary>What came of sending an invitation again; null when the attempt failed.</summary>
    public static (State State, string Text) Of(IStringLocalizer<PeopleTexts> l, ResendResult? result) => result switch
    {
        ResendResult.Queued => (State.Good, l["The invitation is on its way by mail."]),
        ResendResult.TooSoon soon => (State.Warning, l["An invitation was sent a moment ago. It can be sent again from {0} on.", soon.Until.ToLocalTime().ToString("t", CultureInfo.CurrentCulture)]),
        ResendResult.NotAvailable none => (State.Warning, Of(l, none.Obstacle)),
        _ => (State.Bad, l["The invitation could not be sent. Try again."]),
    };

    /// <summary>What came of sending many invitations again; null when the attempt failed.</summary>
    public static (State State, string Text) Of(IStringLocalizer<PeopleTexts> l, ResendManyResult? result)
    {
        if (result is null)
        {
            return (State.Bad, l["The invitations could not be sent. Try again: who got one a moment ago gets no second."]);
        }

        List<string> said =
        [
            result.Queued switch
            {
                0 => l["No invitation was sent."],
                1 => l["1 invitation is on its way by mail."],
                _ => l["{0} invitations are on their way by mail.", Number(result.Queued)],
            },
        ];
        if (result.TooSoon > 0)
        {
            said.Add(result.TooSoon == 1 ? l["1 was sent a moment ago."] : l["{0} were sent a moment ago.", Number(result.TooSoon)]);
        }

        said.AddRange(result.NotAvailable.OrderBy(n => n.Key).Select(n => n.Value == 1 ? OfOne(l, n.Key) : OfMany(l, n.Key, Number(n.Value))));
        return (result.NotAvailable.Count > 0 || result.Queued == 0 ? State.Warning : State.Good, string.Join(' ', said));
    }

    private static string OfOne(IStringLocalizer<PeopleTexts> l, InvitationObstacle obstacle) => obstacle switch
    {
        InvitationObstacle.CodeUnknown or InvitationObstacle.CodeUnreadable => l["1 has no invite code yet: sync the token, then try again."],
        InvitationObstacle.AddressUnknown => l["1 could not be sent: Apple does not publish an address for invitations now."],
        InvitationObstacle.NoMailAddress => l["1 has no mail address: copy the link and hand it over in another way."],
        InvitationObstacle.MailOff => l["1 could not be sent: no mail server is set up."],
        InvitationObstacle.PersonInactive => l["1 is disabled, a guest or gone from the directory."],
        _ => l["1 needs none any more."],
    };

    private static string OfMany(IStringLocalizer<PeopleTexts> l, InvitationObstacle obstacle, string count) => obstacle switch
    {
        InvitationObstacle.CodeUnknown or InvitationObstacle.CodeUnreadable => l["{0} have no invite code yet: sync the token, then try again.", count],
        InvitationObstacle.AddressUnknown => l["{0} could not be sent: Apple does not publish an address for invitations now.", count],
        InvitationObstacle.NoMailAddress => l["{0} have no mail address: copy their link and hand it over in another way.", count],
        InvitationObstacle.MailOff => l["{0} could not be sent: no mail server is set up.", count],
        InvitationObstacle.PersonInactive => l["{0} are disabled, guests or gone from the directory.", count],
        _ => l["{0} need none any more.", count],
    };

    private static string Number(int count) => count.ToString("N0", CultureInfo.CurrentCulture);

    public static string Of(IStringLocalizer<PeopleTexts> l, InvitationObstacle obstacle) => obstacle switch
    {
        InvitationObstacle.NotRegistered => l["The person is not registered at this location any more."],
        InvitationObstacle.AlreadyAssociated => l["The person has accepted already: no invitation is needed."],
        InvitationObstacle.CodeUnknown => l["Apple's invite code is not known yet. Sync the token, then try again."],
        InvitationObstacle.CodeUnreadable => l["The stored invite code cannot be decrypted on this server. Sync the token, then try again."],
        InvitationObstacle.AddressUnknown => l["Apple does not publish an address for invitations now. Try again later."],
        InvitationObstacle.NoMailAddress => l["The directory knows no mail address of this person. Copy the link and hand it over in another way."],
        InvitationObstacle.MailOff => l["No mail server is set up. Copy the link and send it yourself."],
        InvitationObstacle.PersonInactive => l["The account is disabled, a guest or gone from the directory: no books are for it."],
        _ => l["The person or the token is not here any more."],
    };

    public static string Of(IStringLocalizer<PeopleTexts> l, MailKind kind) => kind switch
    {
        MailKind.Invitation => l["Invitation"],
        MailKind.Reminder => l["Reminder"],
        _ => l["Sent again"],
    };

    public static (State State, string Text) Of(IStringLocalizer<PeopleTexts> l, SentInvitation mail) => Of(l, mail.State, mail.Failure);

    public static (State State, string Text) Of(IStringLocalizer<PeopleTexts> l, MailState state, MailFailure failure) => state switch
    {
        MailState.Sent => (State.Good, l["Sent"]),
        MailState.Failed => (State.Bad, Of(l, failure)),
        MailState.Dropped => (State.Neutral, l["Not needed any more"]),
        MailState.Unclear => (State.Warning, l["Perhaps sent: the mail server's answer was lost"]),
        _ when failure != MailFailure.None => (State.Warning, l["Is tried again: {0}", Of(l, failure)]),
        _ => (State.Neutral, l["Waits to be sent"]),
    };

    private static string Of(IStringLocalizer<PeopleTexts> l, MailFailure failure) => failure switch
    {
        MailFailure.Unreachable => l["The mail server cannot be reached"],
        MailFailure.SignIn => l["The mail server refuses the sign-in"],
        MailFailure.Recipient => l["The mail server refuses the address"],
        MailFailure.Sender => l["The mail server refuses the sender"],
        MailFailure.Message => l["The mail server refuses the message"],
        MailFailure.AnswerLost => l["The mail server's answer was lost"],
        _ => l["Not sent"],
    };
}

using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Mail;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.People;

/// <summary>Writes invitations and reminders at the moment they are sent, with the address, name and link of that moment.</summary>
internal sealed class InvitationLetters(
    IDbContextFactory<VppBooksDbContext> contexts, InvitationLinks links, IOptions<InvitationOptions> options, IOptions<MailOptions> mail) : IMailComposer
{
    public bool Composes(MailKind kind) => kind is MailKind.Invitation or MailKind.Reminder or MailKind.Resent;

    public DateTimeOffset MayLeaveAt(MailKind kind, DateTimeOffset now) => kind == MailKind.Reminder ? options.Value.NextOpening(now) : now;

    public async Task<Letter?> ComposeAsync(OutboxMail mail, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var person = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == mail.PersonId, cancellationToken);
        var user = await db.VppUsers.AsNoTracking().SingleOrDefaultAsync(u => u.Id == mail.VppUserId && !u.Retired, cancellationToken);
        var location = await db.Locations.AsNoTracking().Where(l => l.Id == mail.LocationId && l.DeletedAt == null).Select(l => l.Name).SingleOrDefaultAsync(cancellationToken);
        return person is { Mail.Length: > 0 } && InvitationMails.CanReceive(person) && location is not null
            && await links.MakeAsync(user, cancellationToken) is InvitationLinkResult.Link link
            ? Write(mail.Kind, person.DisplayName, person.Mail, person.Language, location, link.Url)
            : null;
    }

    private Letter Write(MailKind kind, string name, string address, string? preferred, string location, string link)
    {
        var given = options.Value;
        var (ownSubject, ownText) = kind == MailKind.Reminder ? (given.ReminderSubject, given.ReminderText) : (given.Subject, given.Text);
        // Own words are in one language: ours beside them are in the same, so that no mail mixes two.
        var language = ownSubject.Length + ownText.Length > 0 ? mail.Value.Language : preferred ?? mail.Value.Language;
        var ours = Ours(language, kind == MailKind.Reminder);
        var text = ownText.Length > 0 ? ownText : ours.Text;
        // Names come from the directory: they are text, never markup or a second line.
        var subject = new string([.. Fill(ownSubject.Length > 0 ? ownSubject : ours.Subject, name, location, "").Select(c => char.IsControl(c) ? ' ' : c)]);
        var anchor = $"<a href=\"{WebUtility.HtmlEncode(link)}\">{WebUtility.HtmlEncode(link)}</a>";
        var paragraphs = WebUtility.HtmlEncode(text).ReplaceLineEndings("\n").Split("\n\n")
            .Select(p => "<p>" + Fill(p, WebUtility.HtmlEncode(name), WebUtility.HtmlEncode(location), anchor).Replace("\n", "<br>", StringComparison.Ordinal) + "</p>");
        var html = $"<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{WebUtility.HtmlEncode(subject)}</title></head><body>{string.Concat(paragraphs)}</body></html>";
        return new Letter(name, address, subject, Fill(text, name, location, link), html);
    }

    // In one pass, so that a name that looks like a placeholder stays a name.
    private static string Fill(string template, string name, string location, string link)
    {
        var filled = new System.Text.StringBuilder();
        for (var at = 0; at < template.Length;)
        {
            var (length, value) = template.AsSpan(at) switch
            {
                ['{', 'n', 'a', 'm', 'e', '}', ..] => (6, name),
                ['{', 'l', 'i', 'n', 'k', '}', ..] => (6, link),
                ['{', 'l', 'o', 'c', 'a', 't', 'i', 'o', 'n', '}', ..] => (10, location),
                _ => (1, template[at].ToString()),
            };
            filled.Append(value);
            at += length;
        }

        return filled.ToString();
    }

    private static (string Subject, string Text) Ours(string language, bool reminder) => (language, reminder) switch
    {
        ("nl", false) => (
            "Uitnodiging: boeken van {location}",
            "Hallo {name},\n\nEr staan boeken van {location} voor je klaar in Apple Books. Open deze link op je iPad, iPhone of Mac en log in met je Apple Account:\n\n{link}\n\nDe link is alleen voor jou: stuur hem niet door."),
        ("nl", true) => (
            "Herinnering: boeken van {location}",
            "Hallo {name},\n\nJe hebt de uitnodiging voor boeken van {location} nog niet geaccepteerd. Open deze link op je iPad, iPhone of Mac en log in met je Apple Account:\n\n{link}\n\nDe link is alleen voor jou: stuur hem niet door."),
        (_, false) => (
            "Invitation: books from {location}",
            "Hello {name},\n\nBooks from {location} are waiting for you in Apple Books. Open this link on your iPad, iPhone or Mac and sign in with your Apple Account:\n\n{link}\n\nThe link is for you alone: do not pass it on."),
        _ => (
            "Reminder: books from {location}",
            "Hello {name},\n\nYou have not accepted the invitation to books from {location} yet. Open this link on your iPad, iPhone or Mac and sign in with your Apple Account:\n\n{link}\n\nThe link is for you alone: do not pass it on."),
    };
}

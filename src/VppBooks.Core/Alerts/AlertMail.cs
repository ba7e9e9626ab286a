using System.Net;
using VppBooks.Core.Mail;

namespace VppBooks.Core.Alerts;

/// <summary>Mails what alerts say. A mail whose fate is unclear is sent again: an alert that comes twice is better than one that never comes.</summary>
public sealed class AlertMail(IMailSender sender, IAlertWords words)
{
    internal async Task<(string? Failure, bool Final)> SendAsync(string address, AlertMessage message, CancellationToken cancellationToken) =>
        await sender.SendAsync(Write(address, message), cancellationToken) switch
        {
            MailOutcome.Sent => (null, false),
            MailOutcome.NotSent refused => ($"mail: {refused.Failure}", refused.Permanent),
            _ => ("mail: no answer", false),
        };

    private Letter Write(string address, AlertMessage message)
    {
        // Names of books and tokens come from Apple: they are text, never markup or a second line of the subject.
        var subject = new string([.. words.MailSubject(message).Select(c => char.IsControl(c) ? ' ' : c)]);
        string[] lines = message.Occasion == AlertOccasion.Cleared ? [message.Title] : [message.Title, message.Remedy];
        var link = message.Url is { } url ? $"<p><a href=\"{WebUtility.HtmlEncode(url)}\">{WebUtility.HtmlEncode(url)}</a></p>" : "";
        var html = $"<!DOCTYPE html><html lang=\"{words.Language}\"><head><meta charset=\"utf-8\"><title>{WebUtility.HtmlEncode(subject)}</title></head><body>"
            + string.Concat(lines.Select(l => $"<p>{WebUtility.HtmlEncode(l)}</p>")) + link + $"<p><small>{WebUtility.HtmlEncode(words.MailFooter)}</small></p></body></html>";
        var text = string.Join("\n\n", [.. lines, .. message.Url is null ? (string[])[] : [message.Url], words.MailFooter]);
        return new Letter("", address, subject, text, html);
    }
}

using System.Net;
using Microsoft.Extensions.Options;
using VppBooks.Core.Mail;

namespace VppBooks.Core.Alerts;

/// <summary>Mails what alerts say. A mail whose fate is unclear is sent again: an alert that comes twice is better than one that never comes.</summary>
public sealed class AlertMail(IMailSender sender, IAlertLanguages languages, AlertRules rules, IOptions<MailOptions> options) : IDisposable
{
    // The rest is on the page.
    private const int MostListed = 50;

    // All go to the same server, which takes a few connections and not twenty.
    private readonly SemaphoreSlim _turns = new(2);

    /// <summary>How long one attempt may take: the server may think as long as the settings allow, and say more than one thing.</summary>
    internal TimeSpan Patience => options.Value.Timeout + TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    /// <summary>Waits until a mail may be sent; disposing lets the next one.</summary>
    internal async Task<IDisposable> TurnAsync(CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        return new Turn(_turns);
    }

    internal async Task<AlertAttempt> SendAsync(string address, AlertMessage message, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            // A message that waited keeps its language: half of it is written already.
            var words = languages.In(message.Language ?? (await rules.ReadAsync(patience.Token)).Language);
            return await sender.SendAsync(Write(address, message, words), patience.Token) switch
            {
                MailOutcome.Sent => new AlertAttempt(Failure: null),
                MailOutcome.NotSent refused => new AlertAttempt($"mail: {refused.Failure}") { Final = refused.Permanent, NobodyThere = refused.Failure is MailFailure.Unreachable or MailFailure.SignIn },
                _ => new AlertAttempt("mail: no answer") { NobodyThere = true },
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AlertAttempt("mail: no answer") { NobodyThere = true };
        }
    }

    private static Letter Write(string address, AlertMessage message, IAlertWords words)
    {
        // Names of books and tokens come from Apple: they are text, never markup or a second line of the subject.
        var subject = new string([.. words.MailSubject(message).Select(c => char.IsControl(c) ? ' ' : c)]);
        var listed = message.Alerts ?? [];
        var shown = listed.Take(MostListed).ToList();
        string[] items = [.. shown.Select(i => i.Title), .. listed.Count > MostListed ? (string[])[words.More(listed.Count - MostListed)] : []];
        string[] lines = message.Occasion == AlertOccasion.Cleared ? [message.Title] : [message.Title, message.Remedy];
        var list = items.Length > 0 ? $"<ul>{string.Concat(items.Select(i => $"<li>{WebUtility.HtmlEncode(i)}</li>"))}</ul>" : "";
        var link = message.Url is { } url ? $"<p><a href=\"{WebUtility.HtmlEncode(url)}\">{WebUtility.HtmlEncode(url)}</a></p>" : "";
        var html = $"<!DOCTYPE html><html lang=\"{words.Language}\"><head><meta charset=\"utf-8\"><title>{WebUtility.HtmlEncode(subject)}</title></head><body>"
            + string.Concat(lines.Select(l => $"<p>{WebUtility.HtmlEncode(l)}</p>")) + list + link + $"<p><small>{WebUtility.HtmlEncode(words.MailFooter)}</small></p></body></html>";
        var text = string.Join("\n\n", [.. lines, .. items.Length > 0 ? [string.Join('\n', items.Select(i => "- " + i))] : (string[])[], .. message.Url is null ? (string[])[] : [message.Url], words.MailFooter]);
        return new Letter("", address, subject, text, html);
    }

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using VppBooks.SimulatedCloud.Mail;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>Everybody's mail: what the console sent, with links that work.</summary>
internal static partial class MailsPage
{
    public static string Render(Mailbox mails) => PortalLayout.Page("Mails", Html.Of($"""
        <p><a href="/">Simulated cloud</a></p>
        <h1>Mails that were sent</h1>
        <p>Nothing leaves this machine: every mail to anybody ends here, newest first.</p>
        {(mails.List() is { Count: > 0 } list ? Html.Of($"""
            <div class="scroll"><table>
            <thead><tr><th>When</th><th>To</th><th>Subject</th></tr></thead><tbody>
            {list.Select(mail => Html.Of($"<tr><td>{When(mail)}</td><td>{string.Join(", ", mail.To)}</td><td><a href=\"/mails/{mail.Id.ToString(CultureInfo.InvariantCulture)}\">{mail.Subject}</a></td></tr>"))}
            </tbody></table></div>
            """) : Html.Of($"<p>None yet. People without a Managed Apple Account are invited by mail when they are to get a book.</p>"))}
        """));

    public static string Render(ReceivedMail mail) => PortalLayout.Page(mail.Subject, Html.Of($"""
        <p><a href="/mails">Mails</a></p>
        <h1>{mail.Subject}</h1>
        <p class="dim">From {mail.From} · to {string.Join(", ", mail.To)} · {When(mail)}</p>
        <pre class="card">{mail.Text}</pre>
        {Links(mail).Select(link => Html.Of($"<p><a class=\"button\" href=\"{link}\">{link}</a></p>"))}
        """));

    private static string When(ReceivedMail mail) => mail.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Links(ReceivedMail mail) => Address.Matches(mail.Text).Select(m => m.Value).Distinct(StringComparer.Ordinal);

    [GeneratedRegex(@"https?://[^\s<>""]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address { get; }
}

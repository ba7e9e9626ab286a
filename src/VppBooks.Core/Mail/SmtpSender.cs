using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace VppBooks.Core.Mail;

/// <summary>Speaks SMTP, one connection per message.</summary>
internal sealed class SmtpSender(IOptions<MailOptions> options, TimeProvider clock) : IMailSender
{
    public async Task<MailOutcome> SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        var settings = options.Value;
        if (!MailboxAddress.TryParse(letter.ToAddress, out var to))
        {
            return new MailOutcome.NotSent(MailFailure.Recipient, Permanent: true);
        }

        to.Name = letter.ToName;
        using var message = new MimeMessage { Subject = letter.Subject, Date = clock.GetUtcNow() };
        message.From.Add(MailboxAddress.Parse(settings.From));
        message.To.Add(to);
        // Out-of-office answers would only reach a mailbox that nobody reads.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Body = new BodyBuilder { TextBody = letter.Text, HtmlBody = letter.Html }.ToMessageBody();

        using var client = new SmtpClient { Timeout = (int)settings.Timeout.TotalMilliseconds };
        try
        {
            await client.ConnectAsync(settings.Host, settings.Port, Options(settings.Security), cancellationToken);
            if (settings.User.Length > 0)
            {
                await client.AuthenticateAsync(settings.User, settings.Password, cancellationToken);
            }
        }
        catch (Exception e) when (e is AuthenticationException or NotSupportedException)
        {
            return new MailOutcome.NotSent(MailFailure.SignIn, Permanent: false);
        }
        catch (Exception e) when (IsConnection(e) || e is CommandException)
        {
            return new MailOutcome.NotSent(MailFailure.Unreachable, Permanent: false);
        }

        try
        {
            await client.SendAsync(message, cancellationToken);
        }
        catch (SmtpCommandException e)
        {
            var failure = e.ErrorCode switch
            {
                SmtpErrorCode.RecipientNotAccepted => MailFailure.Recipient,
                SmtpErrorCode.SenderNotAccepted => MailFailure.Sender,
                _ => MailFailure.Message,
            };
            return new MailOutcome.NotSent(failure, Permanent: (int)e.StatusCode >= 500);
        }
        catch (Exception e) when (IsConnection(e) || e is OperationCanceledException)
        {
            // The server may have taken it before the connection ended.
            return new MailOutcome.Unclear();
        }

        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (Exception e) when (IsConnection(e) || e is OperationCanceledException or CommandException)
        {
            // It was taken; how the server says good-bye does not matter.
        }

        return new MailOutcome.Sent();
    }

    private static SecureSocketOptions Options(MailSecurity security) => security switch
    {
        MailSecurity.StartTls => SecureSocketOptions.StartTls,
        MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.None,
    };

    private static bool IsConnection(Exception e) => e is SocketException or IOException or SslHandshakeException or ProtocolException or TimeoutException or ServiceNotConnectedException;
}

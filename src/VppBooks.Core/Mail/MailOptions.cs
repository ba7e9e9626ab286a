using System.Net.Mail;
using Microsoft.Extensions.Options;

namespace VppBooks.Core.Mail;

/// <summary>How the connection to the mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>STARTTLS, and nothing without it.</summary>
    StartTls = 0,

    /// <summary>TLS from the first byte.</summary>
    Tls,

    /// <summary>Unprotected: for a server on the same machine only.</summary>
    None,
}

/// <summary>Settings of the section <c>Mail</c>.</summary>
public sealed class MailOptions
{
    public const string SectionName = "Mail";

    /// <summary>Name or address of the mail server; empty: no mail is sent.</summary>
    public string Host { get; set; } = "";

    public int Port { get; set; } = 587;

    public MailSecurity Security { get; set; }

    /// <summary>Empty: the server is used without signing in.</summary>
    public string User { get; set; } = "";

    /// <summary>From a secret; never in a file of the repository.</summary>
    public string Password { get; set; } = "";

    /// <summary>The sender, such as <c>Library &lt;books@school.example&gt;</c>.</summary>
    public string From { get; set; } = "";

    /// <summary>Longest wait for the server. 1 s to 5 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries before a mail is given up. 1 to 20.</summary>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Language of mails to people for whom the directory has none of <see cref="MailLanguages"/>: one of those.</summary>
    public string Language { get; set; } = "en";

    /// <summary>Whether mail is sent at all.</summary>
    public bool IsOn => Host.Length > 0;
}

/// <summary>Stops start-up with the key and the allowed values.</summary>
internal sealed class MailOptionsValidator : IValidateOptions<MailOptions>
{
    public ValidateOptionsResult Validate(string? name, MailOptions options)
    {
        List<string> errors = [];
        if (options.Port is < 1 or > 65535)
        {
            errors.Add("Mail:Port must be 1 to 65535.");
        }

        if (!Enum.IsDefined(options.Security))
        {
            errors.Add("Mail:Security must be StartTls, Tls or None.");
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(5))
        {
            errors.Add("Mail:Timeout must be 00:00:01 to 00:05:00.");
        }

        if (options.MaxAttempts is < 1 or > 20)
        {
            errors.Add("Mail:MaxAttempts must be 1 to 20.");
        }

        if (!MailLanguages.Shipped.Contains(options.Language))
        {
            errors.Add($"Mail:Language must be one of: {string.Join(", ", MailLanguages.Shipped)}.");
        }

        if (options.IsOn && Uri.CheckHostName(options.Host) == UriHostNameType.Unknown)
        {
            errors.Add("Mail:Host must be a host name or an IP address, without a scheme.");
        }

        if (options.IsOn && !MailAddress.TryCreate(options.From, out _))
        {
            errors.Add("Mail:From must be a mail address, such as Library <books@school.example>, when Mail:Host is set.");
        }

        if (options.Security == MailSecurity.None && options.User.Length > 0 && !IsLoopback(options.Host))
        {
            errors.Add("Mail:User must be empty with Mail:Security None, except for a server on this machine: the password would travel unprotected.");
        }

        if (options.User.Length > 0 != options.Password.Length > 0)
        {
            errors.Add("Mail:User and Mail:Password must be set together, or neither.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));
}

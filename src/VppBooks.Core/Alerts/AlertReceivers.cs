using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Mail;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;

namespace VppBooks.Core.Alerts;

/// <summary>Somebody who is told of alerts.</summary>
/// <param name="Name">Stays the same as long as the receiver does, and holds neither an address nor a secret: messages, logs and the audit trail name receivers by it.</param>
/// <param name="Label">What a person knows the receiver by: the host of an address, or a mail address.</param>
internal abstract record AlertReceiver(string Name, string Label)
{
    public sealed override string ToString() => Name;

    /// <summary>Gets signed HTTP requests.</summary>
    /// <param name="Name">As above.</param>
    /// <param name="Label">As above.</param>
    /// <param name="Webhook">Where to and signed with what.</param>
    /// <param name="Added">In the console, by somebody who need not know this network.</param>
    public sealed record Hook(string Name, string Label, AlertWebhook Webhook, bool Added) : AlertReceiver(Name, Label);

    /// <summary>Gets nothing: the key ring lost what opens its address and secret.</summary>
    public sealed record Sealed(string Name, string Label) : AlertReceiver(Name, Label);

    /// <summary>Gets mails.</summary>
    public sealed record Mailbox(string Name, string Address) : AlertReceiver(Name, Address);
}

/// <summary>Knows who is told: webhooks of configuration, webhooks that were added in the console, and mail addresses.</summary>
public sealed class AlertReceivers(AlertRules rules, SecretSealer sealer, IOptions<MailOptions> mail)
{
    /// <summary>Key of a webhook that was added in the console: this and its id.</summary>
    internal const string KeyPrefix = "Alerts:Webhooks:";

    private const string NamePrefix = "webhook:";

    /// <summary>Everybody. Mail addresses are left out while there is no mail server.</summary>
    internal async Task<IReadOnlyList<AlertReceiver>> ListAsync(VppBooksDbContext db, CancellationToken cancellationToken)
    {
        var options = await rules.ReadAsync(db, cancellationToken);
        var added = await db.StoredSettings.AsNoTracking().Where(s => s.Key.StartsWith(KeyPrefix) && s.Value != null).OrderBy(s => s.Id).ToListAsync(cancellationToken);
        return
        [
            .. options.Webhooks.Select((w, i) => new AlertReceiver.Hook($"{NamePrefix}{i}", LabelOf(w.Url), w, Added: false)),
            .. added.Select(Open),
            .. mail.Value.IsOn ? options.MailTo.Select(a => new AlertReceiver.Mailbox(NameOf(a), a)) : [],
        ];
    }

    /// <summary>The part of an address that may be shown: the rest often is a secret itself.</summary>
    internal static string LabelOf(string url) => new Uri(url).Authority;

    /// <summary>Name of a webhook that was added in the console.</summary>
    internal static string NameOf(StoredSetting row) => NamePrefix + row.Key[KeyPrefix.Length..];

    /// <summary>Key of a webhook by its name.</summary>
    internal static string KeyOf(string name) => KeyPrefix + name[NamePrefix.Length..];

    /// <summary>Seals address and secret for a row.</summary>
    internal byte[] Seal(string key, AlertWebhook webhook) => sealer.Seal(JsonSerializer.Serialize(new Stored(webhook.Url, webhook.Secret)), Purpose(key));

    /// <summary>Address and secret of a row.</summary>
    /// <exception cref="CryptographicException">The key ring lost the key.</exception>
    internal AlertWebhook Unseal(StoredSetting row)
    {
        var stored = JsonSerializer.Deserialize<Stored>(sealer.Open(row.Secret!, Purpose(row.Key)))!;
        return new AlertWebhook(stored.Url, stored.Secret);
    }

    private AlertReceiver Open(StoredSetting row)
    {
        try
        {
            return new AlertReceiver.Hook(NameOf(row), row.Value!, Unseal(row), Added: true);
        }
        catch (CryptographicException)
        {
            return new AlertReceiver.Sealed(NameOf(row), row.Value!);
        }
    }

    private static string NameOf(string address) => "mail:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.ToLowerInvariant())), 0, 8);

    private static string Purpose(string key) => "setting:" + key;

    private sealed record Stored(string Url, string Secret)
    {
        public override string ToString() => "[webhook]";
    }
}

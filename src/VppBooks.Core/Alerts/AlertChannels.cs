using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Sends the messages that <see cref="AlertBook"/> wrote: each is tried until it was taken, for about three days, by one server at a time.</summary>
public sealed class AlertChannels(IDbContextFactory<VppBooksDbContext> contexts, IHttpClientFactory clients, AlertReceivers receivers, AlertMail mail, TimeProvider clock, ILogger<AlertChannels> logger)
{
    /// <summary>Name of the HTTP client for webhooks.</summary>
    public const string ClientName = "VppBooks.Alerts";

    /// <summary>Carries time and signature: <c>t=1790000000,v1=…</c>, the lower-case hex of HMAC-SHA256 with the secret over the time, a dot and the body.</summary>
    public const string SignatureHeader = "VppBooks-Signature";

    /// <summary>How long one attempt may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A server that dies while it sends leaves the message due again after this time: it may then come twice, with the same id.
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Memory = TimeSpan.FromDays(90);

    private static readonly TimeSpan[] _waits =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(3), .. Enumerable.Repeat(TimeSpan.FromHours(6), 11)];

    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal ChannelReader<bool> Wakes => _wakes.Reader;

    /// <summary>Asks for what is due to be sent now.</summary>
    public void Wake() => _wakes.Writer.TryWrite(true);

    /// <summary>Forgets messages that nobody asks about any more; what was told stays in the audit trail.</summary>
    public async Task ForgetOldAsync(CancellationToken cancellationToken)
    {
        var before = clock.GetUtcNow() - Memory;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.AlertDeliveries.Where(d => d.CreatedAt < before && d.DueAt == null).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Sends everything that is due.</summary>
    /// <returns>How many messages were taken.</returns>
    public async Task<int> SendDueAsync(CancellationToken cancellationToken)
    {
        var taken = 0;
        while (await ClaimAsync(cancellationToken) is { } delivery)
        {
            var (failure, final) = await SendAsync(delivery, cancellationToken);
            taken += failure is null ? 1 : 0;
            var now = clock.GetUtcNow();
            DateTimeOffset? again = failure is null || final || delivery.Attempts > _waits.Length ? null : now + _waits[delivery.Attempts - 1];
            await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
            await db.AlertDeliveries.Where(d => d.Id == delivery.Id).ExecuteUpdateAsync(
                set => set
                    .SetProperty(d => d.DeliveredAt, failure is null ? now : null)
                    .SetProperty(d => d.Failure, failure)
                    .SetProperty(d => d.DueAt, again),
                CancellationToken.None);
            if (failure is not null)
            {
                logger.DeliveryFailed(delivery.Channel, delivery.Attempts, failure, again is null);
            }
        }

        return taken;
    }

    /// <summary>The earliest due message, made this server's for a while; null when none is due.</summary>
    private async Task<AlertDelivery?> ClaimAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = clock.GetUtcNow();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.AlertDeliveries.AsNoTracking().Where(d => d.DueAt != null && d.DueAt <= now).OrderBy(d => d.DueAt).ThenBy(d => d.Id).FirstOrDefaultAsync(cancellationToken);
            if (due is null)
            {
                return null;
            }

            var claimed = await db.AlertDeliveries.Where(d => d.Id == due.Id && d.Attempts == due.Attempts && d.DeliveredAt == null).ExecuteUpdateAsync(
                set => set.SetProperty(d => d.Attempts, due.Attempts + 1).SetProperty(d => d.DueAt, now + Claim), cancellationToken);
            if (claimed == 1)
            {
                due.Attempts++;
                return due;
            }
        }
    }

    /// <returns>Null when it was taken, else why not, without an address or a secret; and whether another attempt would end in the same way.</returns>
    private async Task<(string? Failure, bool Final)> SendAsync(AlertDelivery delivery, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var receiver = (await receivers.ListAsync(db, cancellationToken)).FirstOrDefault(r => r.Name == delivery.Channel);
        return await SendAsync(receiver, delivery.Body, cancellationToken);
    }

    /// <summary>Tells one receiver at once, past the table.</summary>
    /// <returns>Whether it was taken.</returns>
    internal async Task<bool> TellAsync(AlertReceiver receiver, AlertMessage message, CancellationToken cancellationToken)
    {
        var (failure, _) = await SendAsync(receiver, message.ToJson(), cancellationToken);
        if (failure is not null)
        {
            logger.DeliveryFailed(receiver.Name, 1, failure, givenUp: false);
        }

        return failure is null;
    }

    private async Task<(string? Failure, bool Final)> SendAsync(AlertReceiver? receiver, string body, CancellationToken cancellationToken) => receiver switch
    {
        AlertReceiver.Hook hook => (await PostAsync(body, hook.Webhook, cancellationToken), false),
        AlertReceiver.Mailbox mailbox => await mail.SendAsync(mailbox.Address, AlertMessage.FromJson(body), cancellationToken),
        AlertReceiver.Sealed => ("its secret cannot be decrypted on this server", false),
        _ => ("the receiver is not in the settings any more", true),
    };

    private async Task<string?> PostAsync(string body, AlertWebhook webhook, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var time = clock.GetUtcNow().ToUnixTimeSeconds();
            using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
            request.Headers.Add(SignatureHeader, $"t={time},v1={Sign(webhook.Secret, time, body)}");
            using var answer = await clients.CreateClient(ClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return answer.IsSuccessStatusCode ? null : $"status {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return e is HttpRequestException http ? http.HttpRequestError.ToString() : "no answer in time";
        }
    }

    /// <summary>The signature of a body sent at a time.</summary>
    /// <param name="secret">The receiver's secret.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="body">The body as sent.</param>
    public static string Sign(string secret, long time, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{body}")));
}

using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Alerts;

/// <summary>
/// Sends the messages that <see cref="AlertLetters"/> wrote: each is tried until it was taken, for about three days, by one server at a time. Receivers are served side by side,
/// the messages of one after the other.
/// </summary>
public sealed class AlertChannels(
    IDbContextFactory<VppBooksDbContext> contexts, AlertReceivers receivers, AlertHooks hooks, AlertMail mail, ChangeFeed feed, TimeProvider clock, ILogger<AlertChannels> logger)
{
    private static readonly TimeSpan Memory = TimeSpan.FromDays(90);

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3);

    private static readonly TimeSpan[] _waits =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6)];

    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<string, Task> _sending = [];

    internal ChannelReader<bool> Wakes => _wakes.Reader;

    // A server that dies while it sends leaves the message due again after this time: it may then come twice, with the same id. Shorter than an attempt it would come twice without that.
    private TimeSpan Claim => (mail.Patience > AlertHooks.Patience ? mail.Patience : AlertHooks.Patience) + TimeSpan.FromMinutes(1);

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
    public async Task SendDueAsync(CancellationToken cancellationToken) => await Task.WhenAll(await BeginDueAsync(cancellationToken));

    /// <summary>Begins to send to everybody for whom something is due; who is being served already goes on.</summary>
    /// <returns>One task for each of them; it does not fail.</returns>
    internal async Task<IReadOnlyList<Task>> BeginDueAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.AlertDeliveries.Where(d => d.DueAt != null && d.DueAt <= now).Select(d => d.Channel).Distinct().OrderBy(c => c).ToListAsync(cancellationToken);
        lock (_sending)
        {
            foreach (var channel in due.Where(c => !_sending.TryGetValue(c, out var running) || running.IsCompleted))
            {
                _sending[channel] = Task.Run(() => ServeAsync(channel, cancellationToken), CancellationToken.None);
            }

            return [.. due.Select(c => _sending[c])];
        }
    }

    /// <summary>Tells one receiver at once, past the table.</summary>
    /// <returns>Whether it was taken.</returns>
    internal async Task<bool> TellAsync(AlertReceiver receiver, AlertMessage message, CancellationToken cancellationToken)
    {
        var attempt = await SendAsync(receiver, message.ToJson(), cancellationToken);
        if (attempt.Failure is { } failure)
        {
            logger.DeliveryFailed(receiver.Name, 1, attempt.Detail ?? failure, givenUp: false);
        }

        return attempt.Failure is null;
    }

    private async Task ServeAsync(string channel, CancellationToken cancellationToken)
    {
        try
        {
            while (await SendNextAsync(channel, cancellationToken))
            {
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The program stops: what is claimed is due again when the claim is over.
        }
#pragma warning disable CA1031 // Whatever it was: nobody waits for this task, and the next minute tries again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.SendingFailed(e.GetType().Name);
        }
    }

    /// <returns>Whether there may be more to send.</returns>
    private async Task<bool> SendNextAsync(string channel, CancellationToken cancellationToken)
    {
        var receiver = await FindAsync(channel, cancellationToken);
        using var turn = receiver is AlertReceiver.Mailbox ? await mail.TurnAsync(cancellationToken) : null;
        if (await ClaimAsync(channel, cancellationToken) is not { } delivery)
        {
            return false;
        }

        var attempt = await SendAsync(receiver, delivery.Body, cancellationToken);
        await RecordAsync(delivery, attempt);
        feed.Publish(new Change.OfAlerts());
        return true;
    }

    private async Task<AlertReceiver?> FindAsync(string channel, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return (await receivers.ListAsync(db, cancellationToken)).FirstOrDefault(r => r.Name == channel);
    }

    /// <summary>The earliest due message of a receiver, made this server's for a while; null when none is due.</summary>
    private async Task<AlertDelivery?> ClaimAsync(string channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = clock.GetUtcNow();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await Due(db, channel, now).AsNoTracking().OrderBy(d => d.DueAt).ThenBy(d => d.Id).FirstOrDefaultAsync(cancellationToken);
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

    private Task<AlertAttempt> SendAsync(AlertReceiver? receiver, string body, CancellationToken cancellationToken) => receiver switch
    {
        AlertReceiver.Hook hook => hooks.PostAsync(hook, body, cancellationToken),
        AlertReceiver.Mailbox mailbox => mail.SendAsync(mailbox.Address, AlertMessage.FromJson(body), cancellationToken),
        AlertReceiver.Sealed => Task.FromResult(new AlertAttempt("its secret cannot be decrypted on this server") { NobodyThere = true }),
        _ => Task.FromResult(new AlertAttempt("the receiver is not in the settings any more") { Final = true }),
    };

    private async Task RecordAsync(AlertDelivery delivery, AlertAttempt attempt)
    {
        var now = clock.GetUtcNow();
        var next = now + _waits[Math.Min(delivery.Attempts, _waits.Length) - 1];
        DateTimeOffset? again = attempt.Failure is null || attempt.Final || delivery.CreatedAt + Longest <= now ? null : next;
        DateTimeOffset? failedAt = attempt.Failure is null ? null : now;
        await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
        await db.AlertDeliveries.Where(d => d.Id == delivery.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(d => d.DeliveredAt, attempt.Failure is null ? now : null)
                .SetProperty(d => d.Failure, d => attempt.Failure ?? d.Failure)
                .SetProperty(d => d.FailedAt, d => failedAt ?? d.FailedAt)
                .SetProperty(d => d.DueAt, again),
            CancellationToken.None);
        if (attempt.Failure is not { } failure)
        {
            return;
        }

        logger.DeliveryFailed(delivery.Channel, delivery.Attempts, attempt.Detail ?? failure, again is null);
        if (attempt.NobodyThere)
        {
            // Whatever else is due would wait for nobody as well, each for as long as this one did.
            var oldest = now - Longest;
            await Due(db, delivery.Channel, now).Where(d => d.CreatedAt <= oldest).ExecuteUpdateAsync(
                set => set.SetProperty(d => d.DueAt, (DateTimeOffset?)null).SetProperty(d => d.Failure, failure), CancellationToken.None);
            await Due(db, delivery.Channel, now).ExecuteUpdateAsync(set => set.SetProperty(d => d.DueAt, next), CancellationToken.None);
        }
    }

    private static IQueryable<AlertDelivery> Due(VppBooksDbContext db, string channel, DateTimeOffset now) =>
        db.AlertDeliveries.Where(d => d.Channel == channel && d.DueAt != null && d.DueAt <= now);
}

/// <summary>What became of one attempt to send.</summary>
/// <param name="Failure">Null: it was taken. Else why not, without an address or a secret, for everybody who may read the console.</param>
internal sealed record AlertAttempt(string? Failure)
{
    /// <summary>More of it, for the log.</summary>
    public string? Detail { get; init; }

    /// <summary>Another attempt would end in the same way.</summary>
    public bool Final { get; init; }

    /// <summary>Nobody answered: it was not about this message.</summary>
    public bool NobodyThere { get; init; }
}

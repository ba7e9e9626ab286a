using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VppBooks.Core.People;

namespace VppBooks.Core.Mail;

/// <summary>Queues what is due by itself and empties the outbox, again and again.</summary>
internal sealed class MailWorker(InvitationMails invitations, Outbox outbox, TimeProvider clock, ILogger<Outbox> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await invitations.QueueDueAsync(stoppingToken);
                await outbox.SendDueAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.MailWorkFailed(e);
            }
        }
    }
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Notifications;

/// <summary>What became of a notification whose secret was right.</summary>
public enum Receipt
{
    /// <summary>Stored for good, or it had been before: acknowledge it.</summary>
    Stored = 0,

    /// <summary>A test, or of a type that is not used: acknowledge it, nothing is kept.</summary>
    Ignored,

    /// <summary>Not a JSON object.</summary>
    Unreadable,

    /// <summary>It speaks of another location than its secret (F31).</summary>
    OfOtherLocation,
}

/// <summary>More notifications are waiting to be stored than the database keeps up with: have Apple send it again.</summary>
public sealed class InboxFullException() : Exception("Too many notifications are waiting to be stored.");

/// <summary>
/// Takes Apple's notifications in: stored before they are acknowledged, known again when they come twice, and acted upon later by the location's worker
/// (<see cref="InboxFolder"/>). Notifications that come at the same time share one transaction, because durable commits are what costs.
/// </summary>
public sealed class NotificationInbox(IDbContextFactory<VppBooksDbContext> contexts, IBulkStore bulk, WorkSignal signal, TimeProvider clock, ILogger<NotificationInbox> logger)
{
    private const int MaxBatch = 500;
    private const int MaxWaiting = 10_000;

    // A worker's turn costs transactions of its own; one for all that come within a second is soon enough.
    private static readonly TimeSpan BetweenWakes = TimeSpan.FromSeconds(1);

    private readonly Channel<Entry> _waiting = Channel.CreateBounded<Entry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly ConcurrentDictionary<int, long> _woken = new();
    private int _writing;

    /// <summary>Takes a notification in whose secret was found right by <see cref="NotificationGate"/>.</summary>
    /// <returns>Only <see cref="Receipt.Stored"/> and <see cref="Receipt.Ignored"/> are to be acknowledged.</returns>
    /// <exception cref="System.Data.Common.DbException">The database cannot be written: nothing was stored, or nobody knows. Not to be acknowledged.</exception>
    /// <exception cref="InboxFullException">Not stored.</exception>
    public async Task<Receipt> AcceptAsync(NotificationOrigin origin, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (ReceivedNotification.Read(body.Span) is not { } received)
        {
            return Receipt.Unreadable;
        }

        if (received.UId != origin.UId)
        {
            logger.NotificationOfOtherLocation(origin.LocationId);
            return Receipt.OfOtherLocation;
        }

        if (!NotificationTypes.Wanted.Contains(received.Type))
        {
            if (received.Type != NotificationTypes.Test)
            {
                logger.TypeIgnored(origin.LocationId, received.Type);
            }

            return Receipt.Ignored;
        }

        var entry = new Entry(new InboxNotification
        {
            LocationId = origin.LocationId,
            NotificationId = received.NotificationId,
            Type = received.Type,
            EventId = received.EventId,
            Assets = received.Assets,
            ErrorNumber = received.ErrorNumber,
            ReceivedAt = clock.GetUtcNow(),
        });
        if (!_waiting.Writer.TryWrite(entry))
        {
            throw new InboxFullException();
        }

        BeginWriting();
        await entry.Stored.Task.WaitAsync(cancellationToken);
        return Receipt.Stored;
    }

    /// <summary>One writer at a time, for as long as somebody waits.</summary>
    private void BeginWriting()
    {
        if (Interlocked.CompareExchange(ref _writing, 1, 0) == 0)
        {
            _ = Task.Run(WriteAllAsync, CancellationToken.None);
        }
    }

    private async Task WriteAllAsync()
    {
        var batch = new List<Entry>();
        while (true)
        {
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var entry))
            {
                batch.Add(entry);
            }

            if (batch.Count > 0)
            {
                await WriteAsync(batch);
                batch.Clear();
                continue;
            }

            // Whoever came between the last look and giving up found a writer at work: look once more.
            Interlocked.Exchange(ref _writing, 0);
            if (!_waiting.Reader.TryPeek(out _) || Interlocked.CompareExchange(ref _writing, 1, 0) != 0)
            {
                return;
            }
        }
    }

    private async Task WriteAsync(List<Entry> batch)
    {
        try
        {
            try
            {
                await InsertAsync(batch);
            }
#pragma warning disable CA1031 // Another server may have stored one of them at the same moment: the second try finds it there.
            catch (Exception)
#pragma warning restore CA1031
            {
                await InsertAsync(batch);
            }
        }
#pragma warning disable CA1031 // Whatever it was, those who wait have to know.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.StoringFailed(batch.Count, e);
            foreach (var entry in batch)
            {
                entry.Stored.TrySetException(e);
            }

            return;
        }

        foreach (var locationId in batch.Select(e => e.Row.LocationId).Distinct())
        {
            Wake(locationId);
        }

        foreach (var entry in batch)
        {
            entry.Stored.TrySetResult();
        }
    }

    private async Task InsertAsync(List<Entry> batch)
    {
        await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        await bulk.InsertInboxAsync(db, [.. batch.Select(e => e.Row).DistinctBy(r => (r.LocationId, r.NotificationId))], CancellationToken.None);
        CrashPoint.Hit("inbox.before-commit");
        await transaction.CommitAsync(CancellationToken.None);
        CrashPoint.Hit("inbox.after-commit-before-ack");
    }

    private void Wake(int locationId)
    {
        var now = clock.GetTimestamp();
        var last = _woken.GetValueOrDefault(locationId, long.MinValue);
        var wait = last == long.MinValue ? TimeSpan.Zero : BetweenWakes - clock.GetElapsedTime(last, now);
        if (wait > BetweenWakes)
        {
            // A wake to come covers this one.
            return;
        }

        if (wait <= TimeSpan.Zero)
        {
            _woken[locationId] = now;
            signal.Wake(locationId);
            return;
        }

        // Noted in the future, so that one timer runs at most.
        _woken[locationId] = last + (long)(BetweenWakes.TotalSeconds * clock.TimestampFrequency) + 1;
        _ = Task.Delay(wait, clock, CancellationToken.None).ContinueWith(
            _ => signal.Wake(locationId), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    private sealed record Entry(InboxNotification Row)
    {
        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

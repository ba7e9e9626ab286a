using System.Collections.ObjectModel;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Security;

/// <summary>What a request under a key may do.</summary>
public abstract record KeyedRequest
{
    private KeyedRequest() { }

    /// <summary>Nobody has served it: serve it, then hand its answer in with this.</summary>
    /// <param name="Id">The record.</param>
    /// <param name="Since">When this owner began: an owner that was replaced meanwhile stores nothing.</param>
    public sealed record Fresh(long Id, DateTimeOffset Since) : KeyedRequest;

    /// <summary>It was served before: give this answer and do nothing.</summary>
    public sealed record Answered(KeyedAnswer Answer) : KeyedRequest;

    /// <summary>The key belongs to another request of the same caller.</summary>
    public sealed record OtherRequest : KeyedRequest;

    /// <summary>The first one is still being served.</summary>
    /// <param name="RetryAfter">When to ask again.</param>
    public sealed record Running(TimeSpan RetryAfter) : KeyedRequest;
}

/// <summary>The part of an answer that is given again.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type of the body; null without a body.</param>
/// <param name="Body">Text of the body; null when there is none.</param>
/// <param name="Location">The header <c>Location</c>; null when there is none.</param>
public sealed record KeyedAnswer(int Status, string? ContentType, string? Body, string? Location)
{
    /// <summary>Other headers that belong to it, such as the version of what was changed.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}

/// <summary>
/// Remembers for a day what requests with an <c>Idempotency-Key</c> were answered, so that a repeated one does nothing twice (I8). The record is
/// written before the work begins; the unique index over caller and key decides between two that arrive together.
/// </summary>
public sealed class IdempotentRequests(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    /// <summary>How long an answer is remembered.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>After this time without an answer, whoever served the request is taken for dead.</summary>
    public static readonly TimeSpan OwnerDead = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    private long _prunedTicks;

    /// <summary>How often an owner says that it is alive.</summary>
    public TimeSpan RenewEvery { get; internal set; } = OwnerDead / 4;

    /// <summary>Claims a key for a request, or says what became of it.</summary>
    /// <param name="actorId">The caller; keys of different callers have nothing to do with each other.</param>
    /// <param name="key">1 to 128 visible ASCII characters, chosen by the caller.</param>
    /// <param name="fingerprint">64 hex digits that differ when the request differs.</param>
    /// <param name="cancellationToken">Ends the attempt; nothing is claimed then.</param>
    public async Task<KeyedRequest> BeginAsync(string actorId, string key, string fingerprint, CancellationToken cancellationToken)
    {
        await PruneAsync(cancellationToken);
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var known = await db.IdempotentRequests.AsNoTracking().SingleOrDefaultAsync(r => r.ActorId == actorId && r.Key == key, cancellationToken);
            if (known is null)
            {
                var fresh = new IdempotentRequest { ActorId = actorId, Key = key, Fingerprint = fingerprint, CreatedAt = now };
                db.IdempotentRequests.Add(fresh);
                try
                {
                    await db.SaveChangesAsync(cancellationToken);
                    return new KeyedRequest.Fresh(fresh.Id, now);
                }
                catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
                {
                    // Another request under the same key was first, or the database failed: looking again tells them apart.
                    db.ChangeTracker.Clear();
                    if (!await db.IdempotentRequests.AnyAsync(r => r.ActorId == actorId && r.Key == key, cancellationToken))
                    {
                        throw;
                    }

                    continue;
                }
            }

            if (now - known.CreatedAt > Kept)
            {
                await db.IdempotentRequests.Where(r => r.Id == known.Id && r.CreatedAt == known.CreatedAt).ExecuteDeleteAsync(cancellationToken);
                continue;
            }

            if (known.Fingerprint != fingerprint)
            {
                return new KeyedRequest.OtherRequest();
            }

            if (known.Status is { } status)
            {
                return new KeyedRequest.Answered(new KeyedAnswer(status, known.ContentType, known.Body, known.Location) { Headers = ReadHeaders(known.Headers) });
            }

            if (now - known.CreatedAt <= OwnerDead)
            {
                return new KeyedRequest.Running(AskAgain);
            }

            var taken = await db.IdempotentRequests
                .Where(r => r.Id == known.Id && r.CreatedAt == known.CreatedAt && r.Status == null)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.CreatedAt, now), cancellationToken);
            if (taken == 1)
            {
                return new KeyedRequest.Fresh(known.Id, now);
            }
        }
    }

    /// <summary>Keeps the answer. Without effect when another owner took the request over meanwhile.</summary>
    public async Task AnswerAsync(KeyedRequest.Fresh owned, KeyedAnswer answer, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var headers = answer.Headers.Count == 0 ? null : JsonSerializer.Serialize(answer.Headers);
        await Owned(db, owned).ExecuteUpdateAsync(
            set => set
                .SetProperty(r => r.Headers, headers)
                .SetProperty(r => r.Status, answer.Status)
                .SetProperty(r => r.ContentType, answer.ContentType)
                .SetProperty(r => r.Body, answer.Body)
                .SetProperty(r => r.Location, answer.Location),
            cancellationToken);
    }

    /// <summary>Says that the owner is alive, so that nobody takes a slow request over and does its work a second time.</summary>
    /// <returns>What to hand the answer in with from now on; null when somebody has taken over.</returns>
    public async Task<KeyedRequest.Fresh?> RenewAsync(KeyedRequest.Fresh owned, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.GetUtcNow();
        return await Owned(db, owned).ExecuteUpdateAsync(set => set.SetProperty(r => r.CreatedAt, now), cancellationToken) == 1 ? owned with { Since = now } : null;
    }

    /// <summary>Gives the key free: the request failed here, and may be tried again as if it had never come.</summary>
    public async Task ForgetAsync(KeyedRequest.Fresh owned, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await Owned(db, owned).ExecuteDeleteAsync(cancellationToken);
    }

    private static IQueryable<IdempotentRequest> Owned(VppBooksDbContext db, KeyedRequest.Fresh owned) =>
        db.IdempotentRequests.Where(r => r.Id == owned.Id && r.CreatedAt == owned.Since && r.Status == null);

    private static IReadOnlyDictionary<string, string> ReadHeaders(string? stored) =>
        stored is null ? ReadOnlyDictionary<string, string>.Empty : JsonSerializer.Deserialize<Dictionary<string, string>>(stored)!;

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var before = Volatile.Read(ref _prunedTicks);
        if (now.UtcTicks - before < PruneEvery.Ticks || Interlocked.CompareExchange(ref _prunedTicks, now.UtcTicks, before) != before)
        {
            return;
        }

        var limit = now - Kept;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.IdempotentRequests.Where(r => r.CreatedAt < limit).ExecuteDeleteAsync(cancellationToken);
    }
}

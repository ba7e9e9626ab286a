using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Audit;

/// <summary>
/// Takes committed rows into their chain. Afterwards, and not in the transaction of the change, so that writers need not queue for the end of a chain. One short
/// transaction moves the head from the end that was read to the new one and gives the rows their places: whoever comes second changes no row, and a crash
/// leaves either all of it or nothing.
/// </summary>
public sealed class AuditSealer(IDbContextFactory<VppBooksDbContext> contexts, IBulkStore bulk, SecretSealer secrets, TimeProvider clock, ILogger<AuditSealer> logger) : IDisposable
{
    private const int Chunk = 500;
    private static readonly TimeSpan AnchorEvery = TimeSpan.FromHours(1);

    private readonly Dictionary<AuditChain, DateTimeOffset> _anchored = [];
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Seals everything that is committed and not sealed.</summary>
    /// <returns>Rows sealed; fewer than there were when another server is at it.</returns>
    public async Task<int> SealAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return await SealAsync(AuditChain.Events, cancellationToken) + await SealAsync(AuditChain.Licenses, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<int> SealAsync(AuditChain chain, CancellationToken cancellationToken)
    {
        for (var total = 0; ;)
        {
            var done = await ChunkAsync(chain, cancellationToken);
            total += done;
            if (done < Chunk)
            {
                return total;
            }
        }
    }

    private async Task<int> ChunkAsync(AuditChain chain, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await UnsealedAsync(db, chain, cancellationToken);
        if (rows.Count == 0)
        {
            return 0;
        }

        if (await db.AuditChainHeads.AsNoTracking().SingleOrDefaultAsync(h => h.Id == chain, cancellationToken) is not { } head)
        {
            // Beginning again would hide what is missing: verify tells of it, and somebody has to look.
            logger.HeadMissing(chain);
            return 0;
        }

        var doubtful = !_anchored.ContainsKey(chain) && !IsSigned(head);
        var now = clock.GetUtcNow();
        var seals = new List<AuditSeal>(rows.Count);
        var (sequence, hash) = (head.Sequence, head.Hash);
        foreach (var row in rows)
        {
            hash = AuditHash.Of(hash, ++sequence, now, row);
            seals.Add(new AuditSeal(row.Id, sequence, hash, now));
        }

        var signature = secrets.Seal(AuditHash.HeadText(chain, sequence, hash), AuditHash.Purpose(chain));
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var moved = await db.AuditChainHeads
            .Where(h => h.Id == chain && h.Sequence == head.Sequence && h.Hash == head.Hash)
            .ExecuteUpdateAsync(
                set => set.SetProperty(h => h.Sequence, sequence).SetProperty(h => h.Hash, hash).SetProperty(h => h.SealedAt, now).SetProperty(h => h.Signature, signature),
                cancellationToken);
        if (moved != 1)
        {
            return 0;
        }

        CrashPoint.Hit("audit.mid-seal");
        if (await bulk.SealAsync(db, chain, seals, cancellationToken) != seals.Count)
        {
            return 0;
        }

        if (doubtful)
        {
            // Part of the chain from here on: somebody moved the end, or the key ring is another one.
            logger.HeadNotSigned(chain, head.Sequence);
            db.Audit(Actor.System, now, "audit.head-not-signed", default, new { chain = chain.ToString(), head.Sequence, hash = Convert.ToHexStringLower(head.Hash) });
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        Anchor(chain, sequence, hash, now);
        return seals.Count;
    }

    /// <summary>Whether a head says what this installation's key ring signed.</summary>
    internal static bool IsSigned(AuditChainHead head, SecretSealer secrets)
    {
        if (head.Sequence == 0)
        {
            return head.Signature is null && head.Hash.All(b => b == 0);
        }

        try
        {
            return head.Signature is { } signature && secrets.Open(signature, AuditHash.Purpose(head.Id)) == AuditHash.HeadText(head.Id, head.Sequence, head.Hash);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private bool IsSigned(AuditChainHead head) => IsSigned(head, secrets);

    private static async Task<IReadOnlyList<IChained>> UnsealedAsync(VppBooksDbContext db, AuditChain chain, CancellationToken cancellationToken) => chain == AuditChain.Events
        ? await db.AuditEvents.AsNoTracking().Where(a => a.Sequence == null).OrderBy(a => a.Id).Take(Chunk).ToListAsync(cancellationToken)
        : await db.LicenseChanges.AsNoTracking().Where(c => c.Sequence == null).OrderBy(c => c.Id).Take(Chunk).ToListAsync(cancellationToken);

    // The log leaves the database's reach: a database that was put back to an earlier state as a whole is noticed by it alone.
    private void Anchor(AuditChain chain, long sequence, byte[] hash, DateTimeOffset now)
    {
        if (!_anchored.TryGetValue(chain, out var last) || now - last >= AnchorEvery || now < last)
        {
            _anchored[chain] = now;
            logger.ChainAnchored(chain, sequence, Convert.ToHexStringLower(hash));
        }
    }
}

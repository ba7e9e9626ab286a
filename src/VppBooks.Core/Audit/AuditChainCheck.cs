using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Audit;

/// <summary>What is wrong with a chain.</summary>
public enum ChainFaultKind
{
    /// <summary>A row is not what was sealed.</summary>
    Changed = 0,

    /// <summary>A place in the chain has no row.</summary>
    Removed,

    /// <summary>A place has two rows, or lies behind the end.</summary>
    Inserted,

    /// <summary>The chain ends before its recorded end.</summary>
    CutOff,

    /// <summary>The recorded end is missing, is not the last row's, or was not signed by this installation's key ring.</summary>
    NotSigned,

    /// <summary>A row claims a time long before that of rows that were sealed earlier.</summary>
    Backdated,

    /// <summary>The chain does not hold the row that an anchor names.</summary>
    AnchorNotFound,
}

/// <summary>One kind of fault in one chain.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Sequence">Place of the first row concerned.</param>
/// <param name="Count">Rows concerned.</param>
/// <param name="At">Time of the first row concerned; null when there is none.</param>
public sealed record ChainFault(AuditChain Chain, ChainFaultKind Kind, long Sequence, long Count, DateTimeOffset? At);

/// <summary>What a check of the chains showed.</summary>
/// <param name="Sealed">Rows with a seal.</param>
/// <param name="Waiting">Rows that have none yet.</param>
/// <param name="Faults">Nothing for chains that are whole.</param>
public sealed record ChainReport(long Sealed, long Waiting, IReadOnlyList<ChainFault> Faults);

/// <summary>A row as the log or a forwarded copy names it: what lies outside the database, and cannot be changed with it.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Sequence">The row's place.</param>
/// <param name="Hash">Its hash in hexadecimal digits.</param>
public sealed record AuditAnchor(AuditChain Chain, long Sequence, string Hash);

/// <summary>Computes the chains again from their beginning. Changes nothing.</summary>
public sealed class AuditChainCheck(IDbContextFactory<VppBooksDbContext> contexts, SecretSealer secrets)
{
    private const int Chunk = 2000;

    /// <summary>A process that stood still for hours (a suspended machine) writes its rows late, and clocks differ: less than this says nothing.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromDays(1);

    /// <summary>Checks every chain.</summary>
    /// <param name="anchor">A row that must be there; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ChainReport> CheckAsync(AuditAnchor? anchor, CancellationToken cancellationToken)
    {
        var (sealedRows, waiting) = (0L, 0L);
        var faults = new List<ChainFault>();
        foreach (var chain in Enum.GetValues<AuditChain>())
        {
            var reading = new Reading(chain, anchor?.Chain == chain ? anchor : null);
            sealedRows += await ReadAsync(reading, cancellationToken);
            faults.AddRange(reading.Faults);
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            waiting += chain == AuditChain.Events
                ? await db.AuditEvents.LongCountAsync(a => a.Sequence == null, cancellationToken)
                : await db.LicenseChanges.LongCountAsync(c => c.Sequence == null, cancellationToken);
        }

        return new ChainReport(sealedRows, waiting, faults);
    }

    private async Task<long> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        // Sealing goes on meanwhile: everything up to the end of now has to be there, and nothing behind the end of afterwards.
        var head = await HeadAsync(reading.Chain, cancellationToken);
        var (from, rows) = ((Sequence: 0L, Id: 0L), 0L);
        while (true)
        {
            var chunk = await ChunkAsync(reading.Chain, from, cancellationToken);
            foreach (var row in chunk)
            {
                reading.Add(row);
            }

            rows += chunk.Count;
            if (chunk.Count < Chunk)
            {
                break;
            }

            from = (chunk[^1].Sequence!.Value, chunk[^1].Id);
        }

        reading.End(head, await HeadAsync(reading.Chain, cancellationToken), h => AuditSealer.IsSigned(h, secrets));
        return rows;
    }

    private async Task<AuditChainHead?> HeadAsync(AuditChain chain, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.AuditChainHeads.AsNoTracking().SingleOrDefaultAsync(h => h.Id == chain, cancellationToken);
    }

    private async Task<IReadOnlyList<IChained>> ChunkAsync(AuditChain chain, (long Sequence, long Id) from, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return chain == AuditChain.Events
            ? await db.AuditEvents.AsNoTracking().Where(a => a.Sequence > from.Sequence || (a.Sequence == from.Sequence && a.Id > from.Id))
                .OrderBy(a => a.Sequence).ThenBy(a => a.Id).Take(Chunk).ToListAsync(cancellationToken)
            : await db.LicenseChanges.AsNoTracking().Where(c => c.Sequence > from.Sequence || (c.Sequence == from.Sequence && c.Id > from.Id))
                .OrderBy(c => c.Sequence).ThenBy(c => c.Id).Take(Chunk).ToListAsync(cancellationToken);
    }

    private sealed class Reading(AuditChain chain, AuditAnchor? anchor)
    {
        private readonly Dictionary<ChainFaultKind, ChainFault> _faults = [];
        private byte[]? _before = new byte[AuditHash.Length];
        private long _last;
        private DateTimeOffset? _latest;
        private bool _anchorSeen;

        public AuditChain Chain => chain;

        public IEnumerable<ChainFault> Faults => _faults.Values;

        public void Add(IChained row)
        {
            var (sequence, at) = (row.Sequence!.Value, At(row));
            if (sequence == _last)
            {
                Note(ChainFaultKind.Inserted, sequence, 1, at);
                return;
            }

            if (sequence > _last + 1)
            {
                Note(ChainFaultKind.Removed, _last + 1, sequence - _last - 1, null);
                _before = null;
            }

            // After a gap the row before is not known: the row is taken as it says, and the next one is computed from it.
            if (row is not { Hash: { } hash, SealedAt: { } sealedAt })
            {
                Note(ChainFaultKind.Changed, sequence, 1, at);
                (_before, _last) = (null, sequence);
                return;
            }

            if (_before is not null && !AuditHash.Of(_before, sequence, sealedAt, row).AsSpan().SequenceEqual(hash))
            {
                Note(ChainFaultKind.Changed, sequence, 1, at);
            }

            // Rows that waited while the program was stopped are old, but in order; a clock that was wrong was wrong for the seal as well.
            if (at + Late < _latest && at + Late < sealedAt)
            {
                Note(ChainFaultKind.Backdated, sequence, 1, at);
            }

            _latest = _latest > at ? _latest : at;
            _anchorSeen |= anchor is not null && sequence == anchor.Sequence && string.Equals(Convert.ToHexString(hash), anchor.Hash, StringComparison.OrdinalIgnoreCase);
            (_before, _last) = (hash, sequence);
        }

        public void End(AuditChainHead? begun, AuditChainHead? ended, Func<AuditChainHead, bool> signed)
        {
            if (begun is null || ended is null)
            {
                Note(ChainFaultKind.NotSigned, _last, 1, null);
            }
            else
            {
                if (_last < begun.Sequence)
                {
                    Note(ChainFaultKind.CutOff, _last + 1, begun.Sequence - _last, begun.SealedAt);
                }

                if (_last > ended.Sequence)
                {
                    Note(ChainFaultKind.Inserted, ended.Sequence + 1, _last - ended.Sequence, null);
                }

                if (!signed(ended) || (_last == ended.Sequence && _before is not null && !_before.AsSpan().SequenceEqual(ended.Hash)))
                {
                    Note(ChainFaultKind.NotSigned, ended.Sequence, 1, ended.SealedAt);
                }
            }

            if (anchor is not null && !_anchorSeen)
            {
                Note(ChainFaultKind.AnchorNotFound, anchor.Sequence, 1, null);
            }
        }

        private void Note(ChainFaultKind kind, long sequence, long count, DateTimeOffset? at) =>
            _faults[kind] = _faults.TryGetValue(kind, out var known) ? known with { Count = known.Count + count } : new ChainFault(chain, kind, sequence, count, at);

        private static DateTimeOffset At(IChained row) => row switch
        {
            AuditEvent happened => happened.At,
            Licenses.LicenseChange change => change.At,
            _ => default,
        };
    }
}

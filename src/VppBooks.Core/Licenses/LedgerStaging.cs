using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>Opens stagings for readings of Apple.</summary>
public sealed class LedgerStagings(IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, IBulkStore bulk, SecretSealer sealer)
{
    /// <summary>The id under which readings between syncs are staged for a location.</summary>
    public static int BetweenSyncs(int locationId) => -locationId;

    /// <summary>A staging that is empty, whatever a dead owner left.</summary>
    public async Task<LedgerStaging> OpenAsync(Lease lease, int runId, CancellationToken cancellationToken)
    {
        await ClearAsync(lease, [runId], cancellationToken);
        return new LedgerStaging(contexts, writer, bulk, sealer, lease, runId);
    }

    /// <summary>Removes what was staged.</summary>
    public Task ClearAsync(Lease lease, IReadOnlyCollection<int> runIds, CancellationToken cancellationToken) => writer.WriteAsync(
        lease,
        async db =>
        {
            foreach (var runId in runIds)
            {
                var scope = new BulkScope(runId, lease.LocationId, default);
                await bulk.RunAsync(db, BulkStatements.ClearBooks, scope, cancellationToken);
                await bulk.RunAsync(db, BulkStatements.ClearUsers, scope, cancellationToken);
                await bulk.RunAsync(db, BulkStatements.ClearAssignments, scope, cancellationToken);
                await bulk.RunAsync(db, BulkStatements.ClearLicenses, scope, cancellationToken);
            }
        },
        cancellationToken);
}

/// <summary>
/// Takes rows as they arrive from Apple and writes them to the staging tables in chunks, so that memory does not grow with the location.
/// Several lists may be added at the same time.
/// </summary>
public sealed class LedgerStaging(
    IDbContextFactory<VppBooksDbContext> contexts, LeasedWriter writer, IBulkStore bulk, SecretSealer sealer, Lease lease, int runId) : IDisposable
{
    /// <summary>Rows per statement: large enough for the database, small enough for memory.</summary>
    private const int Chunk = 5_000;

    private const int LongestClientUserId = 128;
    private const int LongestIdHash = 64;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<(string ClientUserId, bool Retired), VppUserRow> _users = [];
    private readonly Dictionary<(int BookKey, string ClientUserId, bool Retired), VppUserStatus> _assignments = [];

    /// <summary>The id under which the rows are kept.</summary>
    public int RunId => runId;

    /// <summary>Keeps books under their keys.</summary>
    public Task AddBooksAsync(IReadOnlyCollection<StagedBook> books, CancellationToken cancellationToken) => writer.WriteAsync(
        lease,
        async db =>
        {
            foreach (var chunk in books.Chunk(Chunk))
            {
                await bulk.StageBooksAsync(db, runId, chunk, cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>Keeps people's records. Of several with one id and standing the last one counts.</summary>
    public async ValueTask AddUsersAsync(IReadOnlyList<VppUserRow> rows, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            foreach (var row in rows)
            {
                if (row.ClientUserId.Length is > 0 and <= LongestClientUserId)
                {
                    _users[(row.ClientUserId, IsRetired(row.Status))] = row;
                }
            }

            if (_users.Count >= Chunk)
            {
                await FlushUsersAsync(cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Keeps assignments of people.</summary>
    /// <param name="rows">Rows of any assets.</param>
    /// <param name="findKey">The key of a staged book; null when the asset is not one of our books.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async ValueTask AddAssignmentsAsync(IReadOnlyList<Assignment> rows, Func<AssetKey, int?> findKey, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            foreach (var row in rows)
            {
                // Devices hold apps only.
                if (row.ClientUserId is { Length: > 0 and <= LongestClientUserId } clientUserId && findKey(new AssetKey(row.AdamId, row.PricingParam)) is { } key)
                {
                    var status = row.UserStatus ?? VppUserStatus.Unknown;
                    _assignments[(key, clientUserId, IsRetired(status))] = status;
                }
            }

            if (_assignments.Count >= Chunk)
            {
                await FlushAssignmentsAsync(cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Forgets what was staged of some books, before they are read completely.</summary>
    public async Task DropAssignmentsAsync(IReadOnlyCollection<int> bookKeys, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await writer.WriteAsync(
            lease,
            async db =>
            {
                foreach (var keys in bookKeys.Chunk(500))
                {
                    await db.StagedAssignments.Where(a => a.RunId == runId && keys.Contains(a.BookKey)).ExecuteDeleteAsync(cancellationToken);
                }
            },
            cancellationToken);
    }

    /// <summary>Notes that these books were read completely and nothing moved meanwhile.</summary>
    public async Task CompleteAsync(IReadOnlyCollection<int> bookKeys, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await writer.WriteAsync(
            lease,
            async db =>
            {
                foreach (var keys in bookKeys.Chunk(500))
                {
                    await db.StagedBooks.Where(b => b.RunId == runId && keys.Contains(b.Key)).ExecuteUpdateAsync(set => set.SetProperty(b => b.Complete, true), cancellationToken);
                }
            },
            cancellationToken);
    }

    /// <summary>Notes that all staged books were read completely.</summary>
    public async Task CompleteAllAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await writer.WriteAsync(lease, db => bulk.RunAsync(db, BulkStatements.CompleteAllBooks, new BulkScope(runId, lease.LocationId, default), cancellationToken), cancellationToken);
    }

    /// <summary>Writes what is still in memory.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await FlushUsersAsync(cancellationToken);
            await FlushAssignmentsAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>Whether Apple's word is one for a person who left.</summary>
    internal static bool IsRetired(VppUserStatus status) => status is VppUserStatus.Retired or VppUserStatus.Deleted;

    private async Task FlushUsersAsync(CancellationToken cancellationToken)
    {
        if (_users.Count == 0)
        {
            return;
        }

        var secrets = await SealNewInvitationsAsync(cancellationToken);
        var rows = _users.Select(u => new StagedUser
        {
            RunId = runId,
            ClientUserId = u.Key.ClientUserId,
            Retired = u.Key.Retired,
            Status = u.Value.Status,
            IdHash = u.Value.IdHash is { Length: <= LongestIdHash } hash ? hash : null,
            InviteSecret = secrets.GetValueOrDefault(u.Key).Secret,
            InviteHash = secrets.GetValueOrDefault(u.Key).Hash,
        }).ToList();
        await writer.WriteAsync(lease, db => bulk.StageUsersAsync(db, runId, rows, cancellationToken), cancellationToken);
        _users.Clear();
    }

    private async Task FlushAssignmentsAsync(CancellationToken cancellationToken)
    {
        if (_assignments.Count == 0)
        {
            return;
        }

        // In the order of the table's key, so that it grows at its end.
        var rows = _assignments
            .Select(a => new StagedAssignment { RunId = runId, BookKey = a.Key.BookKey, ClientUserId = a.Key.ClientUserId, Retired = a.Key.Retired, Status = a.Value })
            .OrderBy(a => a.BookKey).ThenBy(a => a.ClientUserId, StringComparer.Ordinal).ToList();
        await writer.WriteAsync(lease, db => bulk.StageAssignmentsAsync(db, runId, rows, cancellationToken), cancellationToken);
        _assignments.Clear();
    }

    // An invite code is a secret of the person it was made for: others' codes are never kept, and ours are sealed only when they are new.
    private async Task<Dictionary<(string, bool), (byte[] Secret, byte[] Hash)>> SealNewInvitationsAsync(CancellationToken cancellationToken)
    {
        var result = new Dictionary<(string, bool), (byte[], byte[])>();
        var candidates = _users.Values.Where(u => u is { Status: VppUserStatus.Registered, InviteCode.Length: > 0 } && LooksLikeOurs(u.ClientUserId)).ToList();
        if (candidates.Count == 0)
        {
            return result;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var part in candidates.Chunk(1_000))
        {
            var ids = part.Select(u => u.ClientUserId).ToList();
            var known = await db.VppUsers.AsNoTracking()
                .Where(u => u.LocationId == lease.LocationId && u.PersonId != null && EF.MultipleParameters(ids).Contains(u.ClientUserId))
                .Select(u => new { u.ClientUserId, u.Retired, u.InviteHash })
                .ToListAsync(cancellationToken);
            var hashes = known.ToLookup(k => k.ClientUserId);
            foreach (var user in part.Where(u => hashes.Contains(u.ClientUserId)))
            {
                var hash = SHA256.HashData(Encoding.UTF8.GetBytes(user.InviteCode!));
                var current = hashes[user.ClientUserId].FirstOrDefault(k => !k.Retired)?.InviteHash;
                if (current is null || !current.AsSpan().SequenceEqual(hash))
                {
                    result[(user.ClientUserId, false)] = (sealer.Seal(user.InviteCode!, InvitationLinks.Purpose(user.ClientUserId)), hash);
                }
            }
        }

        return result;
    }

    private static bool LooksLikeOurs(string clientUserId) =>
        Guid.TryParseExact(clientUserId, "D", out var id) && clientUserId == id.ToString("D", CultureInfo.InvariantCulture);
}

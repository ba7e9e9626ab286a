using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.People;

/// <summary>
/// Ids under which Apple knows people. An id follows from the location and the person's object id in the directory and tells neither: so a database that was
/// put back to before a registration, or lost, finds its people at Apple again instead of taking them for somebody else's and giving them a second copy.
/// </summary>
public static class ClientUserIds
{
    private const int Window = 1000;

    private static readonly byte[] Domain = "VppBooks clientUserId"u8.ToArray();

    /// <summary>The id of a person at a location, in lower case: a version 8 UUID (RFC 9562) out of SHA-256.</summary>
    /// <param name="uId">Apple's id of the location.</param>
    /// <param name="directoryId">Object id of the person in the directory.</param>
    public static string For(string uId, Guid directoryId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. Domain, .. Encoding.UTF8.GetBytes(uId), .. directoryId.ToByteArray(bigEndian: true)], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }

    /// <summary>Recognizes our people among records of a location that were read just now and are nobody's here.</summary>
    /// <returns>Rows changed.</returns>
    internal static async Task<int> RecognizeAsync(VppBooksDbContext db, BulkScope scope, CancellationToken cancellationToken)
    {
        var strangers = (await db.VppUsers
            .Where(u => u.LocationId == scope.LocationId && u.PersonId == null && u.ChangedAt == scope.Now)
            .Select(u => u.ClientUserId).Distinct().ToListAsync(cancellationToken)).Where(IsOne).ToHashSet(StringComparer.Ordinal);
        if (strangers.Count == 0)
        {
            return 0;
        }

        var uId = await db.Locations.Where(l => l.Id == scope.LocationId).Select(l => l.UId).SingleAsync(cancellationToken);
        List<(int PersonId, string ClientUserId)> ours = [];
        await foreach (var person in db.People.Select(p => new { p.Id, p.DirectoryId }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (For(uId, person.DirectoryId) is var id && strangers.Contains(id))
            {
                ours.Add((person.Id, id));
            }
        }

        var changed = 0;
        foreach (var (personId, clientUserId) in ours)
        {
            changed += await db.VppUsers.Where(u => u.LocationId == scope.LocationId && u.ClientUserId == clientUserId && u.PersonId == null)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.PersonId, personId), cancellationToken);
        }

        return changed;
    }

    /// <summary>
    /// Recognizes people who are new in the directory's copy among records that were taken for somebody else's. Their holdings are read again before anything is sent.
    /// </summary>
    internal static async Task RecognizeAsync(VppBooksDbContext db, IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken)
    {
        if (directoryIds.Count == 0 || !await db.VppUsers.AnyAsync(u => u.PersonId == null, cancellationToken))
        {
            return;
        }

        var locations = await db.Locations.Select(l => new { l.Id, l.UId }).ToListAsync(cancellationToken);
        foreach (var location in locations)
        {
            foreach (var chunk in directoryIds.Chunk(Window))
            {
                var ids = chunk.ToDictionary(id => For(location.UId, id));
                var wanted = ids.Keys.ToArray();
                var found = await db.VppUsers
                    .Where(u => u.LocationId == location.Id && u.PersonId == null && EF.Parameter(wanted).Contains(u.ClientUserId))
                    .Select(u => new { u.Id, u.ClientUserId }).ToListAsync(cancellationToken);
                foreach (var user in found)
                {
                    var directoryId = ids[user.ClientUserId];
                    var personId = await db.People.Where(p => p.DirectoryId == directoryId).Select(p => p.Id).SingleAsync(cancellationToken);
                    await db.VppUsers.Where(u => u.Id == user.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.PersonId, personId), cancellationToken);
                    // Without a row for them Apple counts more than we do: the next read looks at these books, and finds ours.
                    await db.ForeignHoldings.Where(h => h.VppUserId == user.Id).ExecuteDeleteAsync(cancellationToken);
                }

                if (found.Count > 0)
                {
                    await db.Locations.Where(l => l.Id == location.Id).ExecuteUpdateAsync(set => set.SetProperty(l => l.MustReadFirst, true), cancellationToken);
                }
            }
        }
    }

    // Others' records by the hundred thousand are told apart before anything is computed.
    private static bool IsOne(string clientUserId) => clientUserId is { Length: 36 } && clientUserId[14] == '8' && Guid.TryParseExact(clientUserId, "D", out _);
}

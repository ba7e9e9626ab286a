using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.Persistence;

/// <summary>
/// Lists read to their end, part after part, in the order of the first moment. The keys are read once, so rows that come, go or move meanwhile make no
/// other row fall out or appear twice, whatever the order is.
/// </summary>
internal static class WholeList
{
    private const int Part = 500;

    /// <summary>Rows of a list, without those that are gone when their part is read.</summary>
    /// <param name="keys">Keys of all rows, in order.</param>
    /// <param name="read">Reads the rows of some keys, by key.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<TRow> ReadAsync<TKey, TRow>(
        IQueryable<TKey> keys, Func<TKey[], Task<Dictionary<TKey, TRow>>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TKey : struct
    {
        foreach (var part in (await keys.ToListAsync(cancellationToken)).Chunk(Part))
        {
            var rows = await read(part);
            foreach (var key in part)
            {
                if (rows.TryGetValue(key, out var row))
                {
                    yield return row;
                }
            }
        }
    }
}

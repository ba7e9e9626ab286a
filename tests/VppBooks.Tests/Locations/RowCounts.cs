using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Locations;

/// <summary>Rows of every table, to show that nothing at all was written.</summary>
internal static class RowCounts
{
    public static async Task<IReadOnlyDictionary<string, int>> ReadAsync(VppBooksDbContext db)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var table in db.Model.GetEntityTypes().Select(e => e.GetTableName()!).Distinct())
        {
#pragma warning disable EF1002 // The names come from the model.
            counts.Add(table, await db.Database.SqlQueryRaw<int>($"SELECT count(*) AS Value FROM \"{table}\"").SingleAsync());
#pragma warning restore EF1002
        }

        return counts;
    }
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Persistence;

/// <summary>How SQLite would go about a query.</summary>
internal static class QueryPlans
{
    public static async Task<List<string>> ReadAsync(VppBooksDbContext db, IQueryable query)
    {
        var cancel = TestContext.Current.CancellationToken;
        await db.Database.OpenConnectionAsync(cancel);
        await using var command = query.CreateDbCommand();
#pragma warning disable CA2100 // What the query says, with its parameters.
        command.CommandText = "EXPLAIN QUERY PLAN " + command.CommandText;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(cancel);
        List<string> plan = [];
        while (await reader.ReadAsync(cancel))
        {
            plan.Add(reader.GetString(3));
        }

        return plan;
    }
}

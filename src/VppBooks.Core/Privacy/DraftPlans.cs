using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Assignments;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Privacy;

/// <summary>
/// Deletes plans that were shown and never committed, after <see cref="PrivacyOptions.KeepUnneededFor"/>: each has a line per person, and nothing in the ledger refers to it.
/// Whatever was committed stays for good.
/// </summary>
public sealed class DraftPlans(IDbContextFactory<VppBooksDbContext> contexts, IOptions<PrivacyOptions> privacy, TimeProvider clock)
{
    /// <summary>Plans deleted in one statement: one for a district has a line for everybody.</summary>
    private const int Window = 20;

    /// <summary>Deletes those that are old enough.</summary>
    /// <returns>How many they were.</returns>
    public async Task<int> ForgetDueAsync(CancellationToken cancellationToken)
    {
        var before = clock.GetUtcNow() - privacy.Value.KeepUnneededFor;
        var forgotten = 0;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.Plans.Where(p => (p.State == PlanState.Draft || p.State == PlanState.Stale) && p.CreatedAt <= before)
                .OrderBy(p => p.Id).Select(p => p.Id).Take(Window).ToArrayAsync(cancellationToken);
            if (due.Length == 0)
            {
                return forgotten;
            }

            // Asked again: one may be committed this very moment.
            forgotten += await db.Plans.Where(p => EF.Parameter(due).Contains(p.Id) && (p.State == PlanState.Draft || p.State == PlanState.Stale)).ExecuteDeleteAsync(cancellationToken);
        }
    }
}

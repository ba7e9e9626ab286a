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
    /// <summary>Plans looked at together.</summary>
    private const int Window = 20;

    /// <summary>Lines deleted in one statement: a plan for a district has one for everybody, and nobody else can write meanwhile.</summary>
    private const int Lines = 5000;

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

            // Without a hash first: one may be committed this very moment, and none can be that has lost lines.
            await db.Plans.Where(p => EF.Parameter(due).Contains(p.Id) && (p.State == PlanState.Draft || p.State == PlanState.Stale))
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.State, PlanState.Stale).SetProperty(p => p.Hash, ""), cancellationToken);
            foreach (var plan in due)
            {
                forgotten += await ForgetAsync(db, plan, cancellationToken);
            }
        }
    }

    private static async Task<int> ForgetAsync(VppBooksDbContext db, int plan, CancellationToken cancellationToken)
    {
        var lines = db.PlanLines.Where(l => l.PlanId == plan && db.Plans.Any(p => p.Id == plan && p.State == PlanState.Stale));
        while (await lines.OrderBy(l => l.PersonId).Select(l => (int?)l.PersonId).Skip(Lines).FirstOrDefaultAsync(cancellationToken) is { } next)
        {
            await lines.Where(l => l.PersonId < next).ExecuteDeleteAsync(cancellationToken);
        }

        return await db.Plans.Where(p => p.Id == plan && p.State == PlanState.Stale).ExecuteDeleteAsync(cancellationToken);
    }
}

using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>
/// The changes that committed plans made to a book's assignments, in their order. What stands for a group is what the last plan put there that changed it and was not called
/// back; so calling one back, in whatever order, takes away its own change and nobody else's.
/// </summary>
internal sealed class PlanHistory
{
    private readonly IReadOnlyList<Entry> _plans;

    private PlanHistory(IReadOnlyList<Entry> plans) => _plans = plans;

    /// <summary>Reads the history of a book. Nothing else may be committed for it meanwhile: its row is locked, or what was read is only shown.</summary>
    public static async Task<PlanHistory> ReadAsync(VppBooksDbContext db, int bookId, CancellationToken cancellationToken)
    {
        var plans = await db.Plans.AsNoTracking()
            .Where(p => p.BookId == bookId && p.Kind == PlanKind.Assignments && p.CommittedAt != null && p.Before != null)
            .OrderBy(p => p.CommittedAt).ThenBy(p => p.Id)
            .Select(p => new { p.Id, p.State, p.Wish, p.Before, p.CommittedById, p.CommittedByName, p.CommittedAt })
            .ToListAsync(cancellationToken);
        return new PlanHistory(plans.ConvertAll(p => new Entry(
            p.Id, p.State, PlanDrafts.Stored(p.Wish), PlanDrafts.Stored(p.Before!), new Giver(p.CommittedById ?? "", p.CommittedByName ?? "", p.CommittedAt!.Value))));
    }

    /// <summary>The assignments that stand, without what one plan changed.</summary>
    public IReadOnlyList<StoredWish> Without(int planId, IReadOnlyList<StoredWish> standing) =>
        TakeBack(standing, p => p.Id == planId, p => Stands(p, planId));

    /// <summary>Who gave a group what it has without one plan; null when that was before everything that is known.</summary>
    public Giver? GiverWithout(int planId, int? group) => _plans.LastOrDefault(p => p.Changed.Contains(group) && Stands(p, planId))?.Giver;

    /// <summary>The assignments that stand, without what plans changed that are not decided.</summary>
    public IReadOnlyList<StoredWish> Decided(IReadOnlyList<StoredWish> standing) =>
        TakeBack(standing, p => p.State is PlanState.AwaitingApproval or PlanState.Undoable, p => p.State == PlanState.Committed);

    private IReadOnlyList<StoredWish> TakeBack(IReadOnlyList<StoredWish> standing, Func<Entry, bool> taken, Func<Entry, bool> counts)
    {
        var groups = _plans.Where(taken).SelectMany(p => p.Changed).ToHashSet();
        return [.. standing.Where(w => !groups.Contains(w.GroupId)), .. groups.Select(g => ValueOf(g, counts)).OfType<StoredWish>()];
    }

    private static bool Stands(Entry plan, int without) => plan.Id != without && plan.State is PlanState.Committed or PlanState.AwaitingApproval or PlanState.Undoable;

    private StoredWish? ValueOf(int? group, Func<Entry, bool> counts)
    {
        var changes = _plans.Where(p => p.Changed.Contains(group)).ToList();
        return changes.FindLast(p => counts(p)) is { } last ? Find(last.Wish, group) : Find(changes[0].Before, group);
    }

    /// <summary>Groups to which a plan made a difference; null for all users.</summary>
    public static HashSet<int?> ChangedBy(StoredWish[] wish, StoredWish[] before) =>
        [.. wish.Concat(before).Select(w => w.GroupId).Where(g => Find(wish, g)?.Intent != Find(before, g)?.Intent)];

    private static StoredWish? Find(StoredWish[] wishes, int? group) => Array.Find(wishes, w => w.GroupId == group);

    private sealed record Entry(int Id, PlanState State, StoredWish[] Wish, StoredWish[] Before, Giver Giver)
    {
        public HashSet<int?> Changed { get; } = ChangedBy(Wish, Before);
    }
}

/// <summary>Who gave a group its assignment, and when.</summary>
internal sealed record Giver(string Id, string Name, DateTimeOffset At);

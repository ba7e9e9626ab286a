using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Privacy;

/// <summary>What people are needed for: members of these groups, and who is in these plans, besides those with a license or a registration.</summary>
/// <param name="Groups">Groups that are assigned, would be again if a plan that waits for a decision came to nothing, or were looked at a moment ago.</param>
/// <param name="Plans">Plans that wait for a decision, or were shown lately.</param>
internal sealed record PeopleNeeds(int[] Groups, int[] Plans)
{
    // What was shown longer ago is computed again before it is committed.
    private static readonly TimeSpan DraftsCountFor = TimeSpan.FromDays(1);

    /// <summary>The needs of now; null while a book is given to all users: everybody is needed then.</summary>
    public static async Task<PeopleNeeds?> ReadAsync(VppBooksDbContext db, DirectoryOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (viewedAfter, draftedAfter) = (now - options.FollowViewedFor, now - DraftsCountFor);
        var groups = await db.Groups.Where(g => g.ViewedAt > viewedAfter).Select(g => (int?)g.Id)
            .Concat(db.GroupAssignments.Select(a => a.GroupId))
            .ToListAsync(cancellationToken);
        var open = await db.Plans
            .Where(p => (p.State == PlanState.Draft && p.CreatedAt > draftedAfter) || p.State == PlanState.AwaitingApproval || p.State == PlanState.Undoable)
            .Select(p => new { p.Id, p.BookId, p.State, p.Wish, p.Before })
            .ToListAsync(cancellationToken);
        foreach (var plan in open.Where(p => p.State != PlanState.Draft))
        {
            groups.AddRange(PlanDrafts.Deserialize(plan.BookId, plan.Wish).Assignments.Select(a => a.GroupId));
            groups.AddRange(plan.Before is null ? [] : PlanDrafts.Deserialize(plan.BookId, plan.Before).Assignments.Select(a => a.GroupId));
        }

        return groups.Contains(null) ? null : new PeopleNeeds([.. groups.OfType<int>().Distinct()], [.. open.Select(p => p.Id)]);
    }

    /// <summary>People whom nothing needs. Whoever has a license, of whatever state, stays: it is a place on a waiting list, or what was spent.</summary>
    public IQueryable<Person> Unneeded(VppBooksDbContext db)
    {
        var (groups, plans) = (Groups, Plans);
        return db.People.Where(p => p.ErasedAt == null
            && !db.Licenses.Any(l => l.PersonId == p.Id)
            && !db.VppUsers.Any(u => u.PersonId == p.Id && !u.Retired)
            && !db.GroupMemberships.Any(m => m.PersonId == p.Id && EF.Parameter(groups).Contains(m.GroupId))
            && !db.PlanLines.Any(l => l.PersonId == p.Id && EF.Parameter(plans).Contains(l.PlanId)));
    }

    /// <summary>
    /// Takes people out of their groups, and out of all users. Those are read again before they are used: the directory still has them as members, perhaps, and a plan
    /// that leaves somebody out is found wrong only when the license is spent.
    /// </summary>
    public static async Task LeaveGroupsAsync(VppBooksDbContext db, int[] people, CancellationToken cancellationToken)
    {
        await db.Groups.Where(g => db.GroupMemberships.Any(m => m.GroupId == g.Id && EF.Parameter(people).Contains(m.PersonId)))
            .ExecuteUpdateAsync(set => set.SetProperty(g => g.ChangeMark, g => g.ChangeMark + 1), cancellationToken);
        await db.GroupMemberships.Where(m => EF.Parameter(people).Contains(m.PersonId)).ExecuteDeleteAsync(cancellationToken);
        await db.DirectoryStates.ExecuteUpdateAsync(set => set.SetProperty(s => s.AllUsersChangeMark, s => s.AllUsersChangeMark + 1), cancellationToken);
    }
}

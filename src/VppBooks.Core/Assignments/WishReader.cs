using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Checks wished assignments and brings their groups and members up to date, so that a plan speaks of today's members.</summary>
public sealed class WishReader(IDbContextFactory<VppBooksDbContext> contexts, GroupReader groups, PeopleReader people, DirectoryHealth health)
{
    /// <summary>Members read longer ago than this are read again before planning.</summary>
    public static readonly TimeSpan MembersMaxAge = TimeSpan.FromMinutes(5);

    internal async Task<(Wish? Wish, AssignmentRefusal? Refusal)> ReadAsync(PlanRequest request, CancellationToken cancellationToken)
    {
        if (await FindBookAsync(request.BookId, cancellationToken) is not { } bookId)
        {
            return (null, new AssignmentRefusal("BookNotFound", "There is no such book: it, or its token, was deleted."));
        }

        if (FindContradiction(request.Assignments) is { } contradiction)
        {
            return (null, contradiction);
        }

        var standing = await ListStandingAsync(bookId, cancellationToken);
        var rows = request.Assignments.Select(a => standing.GetValueOrDefault((a.GroupId, a.Intent))).ToList();
        var known = new Wish(bookId, [.. rows.OfType<GroupAssignment>().Select(r => (r.GroupId, r.Intent))]);
        if (known.Assignments.Count == rows.Count && WishChange.Of(new Wish(bookId, [.. standing.Values.Select(r => (r.GroupId, r.Intent))]), known).OnlyRemoves)
        {
            // Nobody gets anything by it, so that nobody has to be looked up: a directory that is silent must not keep an assignment in place.
            return (known, null);
        }

        if (request.Assignments.Count > 0 && await health.FindStalenessAsync(cancellationToken) is { } stale)
        {
            return (null, Stale(stale));
        }

        try
        {
            var wish = new List<(int? GroupId, Intent Intent)>(request.Assignments.Count);
            for (var index = 0; index < request.Assignments.Count; index++)
            {
                var wished = request.Assignments[index];
                if (rows[index] is { } row)
                {
                    // It stands already: if its group is gone meanwhile it is paused, and no reason to refuse what is asked for besides.
                    wish.Add((row.GroupId, row.Intent));
                    continue;
                }

                if (wished.GroupId is not { } directoryId)
                {
                    wish.Add((null, wished.Intent));
                    continue;
                }

                var group = await groups.EnsureGroupAsync(directoryId, cancellationToken);
                if (Obstacle(group) is var (code, message))
                {
                    return (null, new AssignmentRefusal(code, message, index));
                }

                wish.Add((group.Id, wished.Intent));
            }

            await groups.EnsureMembersAsync([.. request.Assignments.Where(a => a.GroupId != null).Select(a => a.GroupId!.Value)], MembersMaxAge, cancellationToken);
            if (wish.Any(w => w.GroupId == null))
            {
                await people.EnsureAllAsync(MembersMaxAge, cancellationToken);
            }

            return (new Wish(bookId, wish), null);
        }
        catch (GroupGoneException e)
        {
            var index = request.Assignments.ToList().FindIndex(a => a.GroupId == e.DirectoryId);
            return (null, new AssignmentRefusal("GroupNotFound", "The group is not in the directory. Choose another one.", index < 0 ? null : index));
        }
        catch (DirectoryConsentMissingException)
        {
            return (null, new AssignmentRefusal("DirectoryConsentMissing", "The directory does not let VppBooks read groups. Ask an administrator of the directory to grant consent again."));
        }
        catch (DirectoryUnavailableException e) when (e.RetryAt is { } until)
        {
            return (null, new AssignmentRefusal("DirectoryBusy", $"The directory asks VppBooks to wait until {until.UtcDateTime:HH:mm:ss} UTC, so it is not known who would get the book. Try again then.") { RetryAt = until });
        }
        catch (DirectoryException)
        {
            return (null, new AssignmentRefusal("DirectoryUnavailable", "The directory cannot be read now, so it is not known who would get the book. Try again in a few minutes."));
        }
    }

    /// <summary>Why nothing new is planned while the directory has not been read for long (F42).</summary>
    internal static AssignmentRefusal Stale(DirectoryStaleness staleness) => new(
        "DirectoryStale",
        staleness.Groups > 0
            ? "A group of the book could not be read for more than a day, so what is known of its members is too old to plan with. Planning goes on by itself as soon as it can be read; without the group it goes on at once."
            : staleness.ConsentMissing
            ? "The directory has refused to be read for more than a day, so what is known of its groups is too old to plan with. Ask an administrator of the directory to grant consent again; planning then goes on by itself."
            : "The directory could not be read for more than a day, so what is known of its groups is too old to plan with. Planning goes on by itself as soon as it can be read.");

    private async Task<int?> FindBookAsync(Guid publicId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Books
            .Where(b => b.PublicId == publicId && b.RemovedAt == null && db.Locations.Any(l => l.Id == b.LocationId && l.DeletedAt == null))
            .Select(b => (int?)b.Id)
            .SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<Dictionary<(Guid? DirectoryId, Intent Intent), GroupAssignment>> ListStandingAsync(int bookId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from assignment in db.GroupAssignments.AsNoTracking()
            where assignment.BookId == bookId
            select new { Row = assignment, DirectoryId = db.Groups.Where(g => g.Id == assignment.GroupId).Select(g => (Guid?)g.DirectoryId).SingleOrDefault() })
            .ToDictionaryAsync(a => (a.DirectoryId, a.Row.Intent), a => a.Row, cancellationToken);
    }

    private static AssignmentRefusal? FindContradiction(IReadOnlyList<WishedAssignment> assignments)
    {
        var seen = new HashSet<Guid>();
        for (var index = 0; index < assignments.Count; index++)
        {
            var (group, intent) = assignments[index];
            if (!Enum.IsDefined(intent))
            {
                return new AssignmentRefusal("IntentNotSupported", "A book can be Available, Required or Excluded.", index);
            }

            if (group is null && intent == Intent.Excluded)
            {
                return new AssignmentRefusal("AllUsersExcluded", "All users cannot be excluded. Remove the assignments instead.", index);
            }

            if (!seen.Add(group ?? Guid.Empty))
            {
                return new AssignmentRefusal("SameGroupTwice", "A group can be used once per book. Remove it from the other list first.", index);
            }
        }

        return null;
    }

    private static (string Code, string Message)? Obstacle(EnsuredGroup group) => (group.State, group.Obstacle) switch
    {
        (not GroupState.Active, _) => ("GroupDeleted", "The group was deleted in the directory. Remove it from the assignments."),
        (_, GroupObstacle.None) => null,
        (_, GroupObstacle.DeviceGroup) => ("DeviceGroup", "The group's members are devices. A book can only be given to people: choose a group of users."),
        _ => ("GroupNotSecurityEnabled", "The group is not security-enabled. Choose a security group."),
    };
}

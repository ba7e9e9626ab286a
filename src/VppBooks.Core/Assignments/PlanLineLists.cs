using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Assignments;

/// <summary>Lines of plans in the order of names.</summary>
internal static class PlanLineLists
{
    /// <summary>
    /// From so many lines on, people are walked through in the order of their names until the page is full; fewer are sorted. To sort a hundred thousand lines for each
    /// page costs as much as to look for thirty among a million people.
    /// </summary>
    public const int Many = 5_000;

    /// <summary>Lines of a plan, with one outcome or with any.</summary>
    public static IQueryable<PlanLine> Of(VppBooksDbContext db, int plan, PlanOutcome? outcome) => db.PlanLines.Where(l => l.PlanId == plan && (outcome == null || l.Outcome == outcome));

    /// <summary>The lines behind a place, by name; all for null.</summary>
    public static IQueryable<NamedPlanLine> ByName(VppBooksDbContext db, int plan, PlanOutcome? outcome, PlanLinePlace? after, bool many)
    {
        var lines = Of(db, plan, outcome);
        var people = db.People.AsQueryable();
        if (after is var (name, id))
        {
            // The bound stands by itself, so that the database begins at it in its index, and it is the database that compares.
#pragma warning disable CA1309
            people = people.Where(p => string.Compare(p.DisplayName, name) >= 0 && (string.Compare(p.DisplayName, name) > 0 || p.Id > id));
#pragma warning restore CA1309
        }

        return many
            ? people.Where(p => lines.Any(l => l.PersonId == p.Id))
                .OrderBy(p => p.DisplayName).ThenBy(p => p.Id)
                .Select(p => new NamedPlanLine
                {
                    PersonId = p.Id,
                    PublicId = p.PublicId,
                    DisplayName = p.DisplayName,
                    UserPrincipalName = p.UserPrincipalName,
                    Outcome = lines.Where(l => l.PersonId == p.Id).Select(l => l.Outcome).First(),
                    Reason = lines.Where(l => l.PersonId == p.Id).Select(l => l.Reason).First(),
                })
            : lines.Join(people, l => l.PersonId, p => p.Id, (l, p) => new { l, p })
                .OrderBy(x => x.p.DisplayName).ThenBy(x => x.p.Id)
                .Select(x => new NamedPlanLine
                {
                    PersonId = x.p.Id,
                    PublicId = x.p.PublicId,
                    DisplayName = x.p.DisplayName,
                    UserPrincipalName = x.p.UserPrincipalName,
                    Outcome = x.l.Outcome,
                    Reason = x.l.Reason,
                });
    }
}

/// <summary>A line with whose it is; a shape for queries, never handed out.</summary>
internal sealed class NamedPlanLine
{
    public required int PersonId { get; init; }

    public required Guid PublicId { get; init; }

    public required string DisplayName { get; init; }

    public required string UserPrincipalName { get; init; }

    public required PlanOutcome Outcome { get; init; }

    public required PlanReason Reason { get; init; }
}

/// <summary>A place among the people of a plan: a name, and whose it is.</summary>
internal sealed record PlanLinePlace(string DisplayName, int PersonId)
{
    /// <summary>As words that travel.</summary>
    public IReadOnlyList<string> Words => [DisplayName, PersonId.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Reads such words.</summary>
    /// <exception cref="FormatException">They are of another list.</exception>
    public static PlanLinePlace Of(IReadOnlyList<string> words) => words is [var name, var id] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var person)
        ? new PlanLinePlace(name, person)
        : throw new FormatException("A place in another list.");
}

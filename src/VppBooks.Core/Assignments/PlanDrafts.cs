using System.Text.Json;
using System.Text.Json.Serialization;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Assignments;

/// <summary>Computes what wishes would do, and keeps it as a plan.</summary>
internal static class PlanDrafts
{
    /// <summary>What a complete list of assignments would do with what is known now.</summary>
    public static async Task<PlanEffect> EffectAsync(VppBooksDbContext db, Book book, Wish wish, bool following, CancellationToken cancellationToken)
    {
        var members = await PlanFacts.WithoutNewcomersAsync(db, book, wish, await PlanFacts.MembersAsync(db, wish.Assignments, cancellationToken), cancellationToken);
        var reached = await PlanFacts.ReachedAsync(db, book, members, cancellationToken);
        var people = await PlanFacts.PeopleAsync(db, book, reached, following, cancellationToken);
        var stock = await PlanFacts.StockAsync(db, book, cancellationToken);
        return Planner.Plan(members, people, stock);
    }

    /// <summary>A plan's row for an effect, not added yet.</summary>
    public static Plan New(Guid publicId, Wish wish, PlanEffect effect, PlanKind kind, Actor actor, DateTimeOffset now, (int From, int To)? grown = null) => new()
    {
        PublicId = publicId,
        BookId = wish.BookId,
        Kind = kind,
        Wish = Serialize(wish),
        Hash = effect.Hash,
        GetNow = effect.Count(PlanOutcome.GetsNow),
        AlreadyHave = effect.Count(PlanOutcome.AlreadyHas),
        RegisterFirst = effect.Count(PlanOutcome.RegisteredFirst),
        InviteFirst = effect.Count(PlanOutcome.InvitedFirst),
        Cannot = effect.Count(PlanOutcome.Cannot),
        Wait = effect.Count(PlanOutcome.Waits),
        WaitedBefore = effect.Lines.Count(l => l.Reason == PlanReason.Waiting),
        Release = effect.Count(PlanOutcome.Released),
        GrownFrom = grown?.From,
        GrownTo = grown?.To,
        CreatedById = actor.Id,
        CreatedByName = actor.DisplayName,
        CreatedAt = now,
    };

    /// <summary>Keeps the lines of a saved plan, in parts, so that a large one does not fill the memory.</summary>
    public static async Task AddLinesAsync(VppBooksDbContext db, Plan plan, IEnumerable<PlannedLine> lines, CancellationToken cancellationToken)
    {
        foreach (var chunk in lines.Chunk(5000))
        {
            db.PlanLines.AddRange(chunk.Select(l => new PlanLine { PlanId = plan.Id, PersonId = l.PersonId, Outcome = l.Outcome, Reason = l.Reason }));
            await db.SaveChangesAsync(cancellationToken);
            foreach (var entry in db.ChangeTracker.Entries<PlanLine>().ToList())
            {
                entry.State = Microsoft.EntityFrameworkCore.EntityState.Detached;
            }
        }
    }

    public static string Serialize(Wish wish) => JsonSerializer.Serialize(wish.Assignments.Select(a => new StoredWish(a.GroupId, a.Intent)).ToArray());

    /// <summary>Assignments as they stand, with their place in the order of the waiting list.</summary>
    public static string Serialize(IEnumerable<GroupAssignment> standing) => JsonSerializer.Serialize(standing.OrderBy(a => a.Id).Select(a => new StoredWish(a.GroupId, a.Intent, a.Rank)).ToArray());

    public static StoredWish[] Stored(string wish) => JsonSerializer.Deserialize<StoredWish[]>(wish)!;

    public static Wish Deserialize(int bookId, string wish) => new(bookId, [.. Stored(wish).Select(w => (w.GroupId, w.Intent))]);
}

/// <summary>A wish whose groups are known here, with our own ids.</summary>
/// <param name="BookId">The book.</param>
/// <param name="Assignments">The complete list.</param>
public sealed record Wish(int BookId, IReadOnlyList<(int? GroupId, Intent Intent)> Assignments);

/// <summary>A wish as stored with its plan.</summary>
/// <param name="GroupId">The group; null for all users.</param>
/// <param name="Intent">What it is given.</param>
/// <param name="Rank">Its place in the order of the waiting list, of assignments that stood.</param>
internal sealed record StoredWish(int? GroupId, Intent Intent, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Rank = null);

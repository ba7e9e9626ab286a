using System.Buffers.Binary;
using System.Security.Cryptography;

namespace VppBooks.Core.Assignments;

/// <summary>Where a person stands with Apple at the book's location, as far as planning is concerned.</summary>
public enum RegistrationFact : byte
{
    /// <summary>Unknown to Apple.</summary>
    None = 0,

    /// <summary>Being registered, or asked to be.</summary>
    Pending = 1,

    /// <summary>Invited, not accepted.</summary>
    Registered = 2,

    /// <summary>Can receive books.</summary>
    Associated = 3,

    /// <summary>The Apple Account is refused (9635) and there is no other way.</summary>
    AccountRefused = 4,

    /// <summary>The Apple Account is used by another record of the location (9641).</summary>
    AccountInUse = 5,

    /// <summary>Refused for another reason.</summary>
    Refused = 6,
}

/// <summary>What a person has of the title, in any quality and at any location.</summary>
public enum HoldingFact : byte
{
    /// <summary>Nothing, or only rows that spent nothing and may be tried again.</summary>
    None = 0,

    /// <summary>Holds it at this location in this quality.</summary>
    Here = 1,

    /// <summary>Holds it in the other quality or at another location.</summary>
    Elsewhere = 2,

    /// <summary>Sent to Apple; cannot be called back.</summary>
    UnderWay = 3,

    /// <summary>Set aside for a Required assignment of this book, not sent.</summary>
    Reserved = 4,

    /// <summary>On this book's waiting list through a Required assignment.</summary>
    Waiting = 5,

    /// <summary>The same Apple Account holds it through a record that others made.</summary>
    Foreign = 6,

    /// <summary>Set aside or waited for through another book of the same title.</summary>
    WantedOtherwise = 7,

    /// <summary>Refused by Apple or by an approver, or taken back by Apple: only a new plan of an administrator tries again.</summary>
    Refused = 8,

    /// <summary>Set aside or waited for because the reader took this book; not sent.</summary>
    Taken = 9,
}

/// <summary>Everything the planner knows of one person.</summary>
public readonly record struct PersonFacts(
    int PersonId, bool AccountEnabled, bool Guest, bool Gone, bool HasManagedAccount, bool HasMail, RegistrationFact Registration, HoldingFact Holding);

/// <summary>One wish with its members: people of the group, nested groups included.</summary>
/// <param name="GroupId">The group; null for all users.</param>
/// <param name="Intent">What it is given.</param>
/// <param name="Members">Ids of the people it reaches.</param>
public sealed record PlannedWish(int? GroupId, Intent Intent, IReadOnlyCollection<int> Members);

/// <summary>The stock that a plan may take from.</summary>
/// <param name="Unlimited">Never short.</param>
/// <param name="Free">Free at Apple less what is set aside already and less who waits; at least 0.</param>
public readonly record struct PlanStock(bool Unlimited, long Free);

/// <summary>A line of the effect.</summary>
public readonly record struct PlannedLine(int PersonId, PlanOutcome Outcome, PlanReason Reason);

/// <summary>The effect of a set of wishes: what <see cref="Planner"/> computes.</summary>
/// <param name="Lines">One line per person concerned, ordered by person.</param>
/// <param name="AvailableTo">People to whom the book is offered; nothing is spent for them.</param>
/// <param name="Hash">Equal for equal wishes and lines.</param>
public sealed record PlanEffect(IReadOnlyList<PlannedLine> Lines, int AvailableTo, string Hash)
{
    /// <summary>People with one outcome.</summary>
    public int Count(PlanOutcome outcome) => Lines.Count(l => l.Outcome == outcome);
}

/// <summary>
/// Computes what wishes would do. A pure function: the same facts give the same effect, whoever asks and whenever, so that what was shown can be
/// compared with what would be committed.
/// </summary>
public static class Planner
{
    /// <summary>Plans one book.</summary>
    /// <param name="wishes">The complete list of wishes.</param>
    /// <param name="people">Facts of everybody who is reached by a Required wish, or has an unsent reservation of the book.</param>
    /// <param name="stock">What there is to take.</param>
    public static PlanEffect Plan(IReadOnlyList<PlannedWish> wishes, IReadOnlyDictionary<int, PersonFacts> people, PlanStock stock)
    {
        var excluded = Union(wishes, Intent.Excluded);
        var required = Union(wishes, Intent.Required);
        required.ExceptWith(excluded);
        var offered = Union(wishes, Intent.Available);
        offered.ExceptWith(excluded);

        var lines = new List<PlannedLine>(required.Count);
        var takers = new List<PlannedLine>();
        foreach (var facts in people.Values)
        {
            if (!required.Contains(facts.PersonId))
            {
                if (facts.Holding is HoldingFact.Reserved or HoldingFact.Waiting || (facts.Holding == HoldingFact.Taken && !MayKeep(facts, offered)))
                {
                    lines.Add(new PlannedLine(facts.PersonId, PlanOutcome.Released, PlanReason.None));
                }

                continue;
            }

            var line = Judge(facts);
            (Takes(line.Outcome) ? takers : lines).Add(line);
        }

        Share(takers, lines, stock);
        lines.Sort(static (a, b) => a.PersonId.CompareTo(b.PersonId));
        return new PlanEffect(lines, offered.Count, Hash(wishes, lines));
    }

    private static bool MayKeep(PersonFacts facts, HashSet<int> offered) => offered.Contains(facts.PersonId) && JudgeNewcomer(facts).Outcome != PlanOutcome.Cannot;

    private static PlannedLine Judge(PersonFacts facts)
    {
        if (facts.Holding is HoldingFact.Reserved or HoldingFact.Waiting or HoldingFact.Taken && JudgeNewcomer(facts) is (PlanOutcome.Cannot, var obstacle))
        {
            // What is set aside for somebody who cannot receive it is missing to others.
            return new PlannedLine(facts.PersonId, PlanOutcome.Released, obstacle);
        }

        var (outcome, reason) = facts.Holding switch
        {
            HoldingFact.Here => (PlanOutcome.AlreadyHas, PlanReason.HoldsHere),
            HoldingFact.Elsewhere => (PlanOutcome.AlreadyHas, PlanReason.HoldsElsewhere),
            HoldingFact.UnderWay or HoldingFact.Reserved or HoldingFact.WantedOtherwise or HoldingFact.Taken => (PlanOutcome.AlreadyHas, PlanReason.UnderWay),
            HoldingFact.Foreign => (PlanOutcome.AlreadyHas, PlanReason.HoldsThroughForeignRecord),
            HoldingFact.Waiting => (PlanOutcome.Waits, PlanReason.Waiting),
            HoldingFact.Refused => (PlanOutcome.Cannot, PlanReason.LicenseRefused),
            _ => JudgeNewcomer(facts),
        };
        return new PlannedLine(facts.PersonId, outcome, reason);
    }

    private static (PlanOutcome Outcome, PlanReason Reason) JudgeNewcomer(PersonFacts facts)
    {
        if (facts.Guest)
        {
            return (PlanOutcome.Cannot, PlanReason.Guest);
        }

        if (facts.Gone || !facts.AccountEnabled)
        {
            return (PlanOutcome.Cannot, PlanReason.AccountDisabled);
        }

        return facts.Registration switch
        {
            RegistrationFact.Associated => (PlanOutcome.GetsNow, PlanReason.None),
            RegistrationFact.Registered => (PlanOutcome.InvitedFirst, PlanReason.None),
            RegistrationFact.AccountInUse => (PlanOutcome.Cannot, PlanReason.AppleAccountInUse),
            RegistrationFact.AccountRefused => (PlanOutcome.Cannot, PlanReason.AppleAccountRefused),
            RegistrationFact.Refused => (PlanOutcome.Cannot, PlanReason.RegistrationRefused),
            _ when facts.HasManagedAccount => (PlanOutcome.RegisteredFirst, PlanReason.None),
            _ when facts.HasMail => (PlanOutcome.InvitedFirst, PlanReason.None),
            _ => (PlanOutcome.Cannot, PlanReason.NoAddress),
        };
    }

    private static bool Takes(PlanOutcome outcome) => outcome is PlanOutcome.GetsNow or PlanOutcome.RegisteredFirst or PlanOutcome.InvitedFirst;

    // A short stock goes first to those who can read at once, then to those who can after a silent registration, then to the invited: a
    // permanent license should not lie with somebody who may never accept while somebody else waits for it.
    private static void Share(List<PlannedLine> takers, List<PlannedLine> lines, PlanStock stock)
    {
        if (stock.Unlimited || takers.Count <= stock.Free)
        {
            lines.AddRange(takers);
            return;
        }

        var left = Math.Max(0, stock.Free);
        foreach (var taker in takers.OrderBy(t => t.Outcome).ThenBy(t => t.PersonId))
        {
            lines.Add(left-- > 0 ? taker : taker with { Outcome = PlanOutcome.Waits });
        }
    }

    private static HashSet<int> Union(IReadOnlyList<PlannedWish> wishes, Intent intent)
    {
        var people = new HashSet<int>();
        foreach (var wish in wishes)
        {
            if (wish.Intent == intent)
            {
                people.UnionWith(wish.Members);
            }
        }

        return people;
    }

    private static string Hash(IReadOnlyList<PlannedWish> wishes, List<PlannedLine> lines)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> row = stackalloc byte[6];
        foreach (var wish in wishes.OrderBy(w => w.GroupId ?? 0))
        {
            BinaryPrimitives.WriteInt32LittleEndian(row, wish.GroupId ?? 0);
            row[4] = (byte)wish.Intent;
            row[5] = 0xFF;
            hash.AppendData(row);
        }

        foreach (var line in lines)
        {
            BinaryPrimitives.WriteInt32LittleEndian(row, line.PersonId);
            row[4] = (byte)line.Outcome;
            row[5] = (byte)line.Reason;
            hash.AppendData(row);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Globalization;
using System.Text.Json.Serialization;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;

namespace VppBooks.Core.Activities;

/// <summary>Which records to list.</summary>
public enum ActivityKinds
{
    /// <summary>What people and the system did.</summary>
    Events = 0,

    /// <summary>What became of licenses.</summary>
    Licenses,

    /// <summary>Both.</summary>
    All,
}

/// <summary>Which part of the activity.</summary>
public sealed record ActivityQuery
{
    /// <summary>Rows of a page at most.</summary>
    public const int MaxTake = 500;

    public ActivityKinds Kinds { get; init; }

    /// <summary>Public id of a person.</summary>
    public Guid? Person { get; init; }

    /// <summary>Public id of a book.</summary>
    public Guid? Book { get; init; }

    /// <summary>Object id of a group. Changes of licenses have no group of their own: those are found that a plan led to which names the group among its assignments.</summary>
    public Guid? Group { get; init; }

    /// <summary>Public id of a token.</summary>
    public Guid? Token { get; init; }

    /// <summary>Part of the name of the person, book or group that it is about; null or blank for all.</summary>
    public string? About { get; init; }

    /// <summary>Part of the name of whoever acted. Changes of licenses have no actor of their own: those that a plan led to are found by who committed the plan.</summary>
    public string? Actor { get; init; }

    /// <summary>Stable names of actions, any of them; null for all. Changes of licenses are left out.</summary>
    public IReadOnlyList<string>? Actions { get; init; }

    /// <summary>First words of the names of actions, as in <c>plan.committed</c>, any of them; null for all. Changes of licenses are left out.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this moment.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Begins with what happened first.</summary>
    public bool OldestFirst { get; init; }

    /// <summary>Continues after this row, in the order of the list; null for its beginning.</summary>
    public ActivityCursor? After { get; init; }

    /// <summary>Rows to return, 1 to <see cref="MaxTake"/>.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>A place in the activity, whichever way it is read.</summary>
/// <param name="At">Time of the row.</param>
/// <param name="Chain">Where it is from.</param>
/// <param name="Id">The row.</param>
public sealed record ActivityCursor(DateTimeOffset At, AuditChain Chain, long Id)
{
    /// <summary>As a word for an address.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks}-{(byte)Chain}-{Id}");

    /// <summary>Reads such a word; null when it is none.</summary>
    public static ActivityCursor? Parse(string? word) =>
        word?.Split('-', 3) is [var ticks, var chain, var id]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.Ticks
            && byte.TryParse(chain, NumberStyles.None, CultureInfo.InvariantCulture, out var source) && Enum.IsDefined((AuditChain)source)
            && long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var row)
            ? new ActivityCursor(new DateTimeOffset(at, TimeSpan.Zero), (AuditChain)source, row)
            : null;
}

/// <summary>A page of the activity.</summary>
/// <param name="Rows">In the order that was asked for.</param>
/// <param name="Next">Where the next page begins; null when this is the last one.</param>
public sealed record ActivityRows(IReadOnlyList<ActivityEntry> Rows, ActivityCursor? Next);

/// <summary>Something that happened: an audit row, or one change of one license.</summary>
public sealed record ActivityEntry
{
    public required AuditChain Chain { get; init; }

    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Null for a change of a license.</summary>
    public ActorKind? ActorKind { get; init; }

    public string? ActorId { get; init; }

    public string? ActorName { get; init; }

    /// <summary>Sign-in name that a person who acted has now; null for programs, readers, and people whom the directory has not told us of.</summary>
    public string? ActorUserPrincipalName { get; init; }

    /// <summary>Stable name of the action; <c>license.changed</c> for a change of a license.</summary>
    public required string Action { get; init; }

    public ActivitySubject? Token { get; init; }

    /// <summary>Its name is the title; null when the store does not tell: then <see cref="AdamId"/> names it.</summary>
    public ActivitySubject? Book { get; init; }

    public long? AdamId { get; init; }

    public ActivitySubject? Group { get; init; }

    public ActivitySubject? Person { get; init; }

    /// <summary>The request to Apple that it was part of.</summary>
    public Guid? Operation { get; init; }

    /// <summary>A small JSON object.</summary>
    public string? Details { get; init; }

    /// <summary>State before; null for a license that began, and for an audit row.</summary>
    public LicenseState? From { get; init; }

    /// <summary>State after; null for an audit row.</summary>
    public LicenseState? To { get; init; }

    public LicenseCause? Cause { get; init; }

    public int? ErrorNumber { get; init; }

    /// <summary>The plan that led to the change of a license; null when none did, and for an audit row.</summary>
    public ActivityPlan? Plan { get; init; }

    /// <summary>Trace id, as in the log.</summary>
    public string? Correlation { get; init; }

    /// <summary>Place in <see cref="Chain"/>; null until sealed.</summary>
    public long? Sequence { get; init; }

    /// <summary>Hexadecimal digits; null until sealed.</summary>
    public string? Hash { get; init; }

    /// <summary>False for a copy that a sync found: only the ledger's own row tells of it, so it has no place in <see cref="Chain"/>, and the number below 0 is that row's.</summary>
    [JsonIgnore]
    public bool Recorded => Id > 0;

    public ActivityCursor Cursor => new(At, Chain, Id);
}

/// <summary>The plan behind the change of a license: who wanted it, whoever then sent it or saw it at Apple.</summary>
/// <param name="Id">Public id.</param>
/// <param name="CommittedById">Who committed it.</param>
/// <param name="CommittedByName">Name; null while nobody has committed it.</param>
public sealed record ActivityPlan(Guid Id, string? CommittedById, string? CommittedByName);

/// <summary>What an entry is about.</summary>
/// <param name="Id">Public id; of a group, its object id.</param>
/// <param name="Name">Name; null when there is none.</param>
public sealed record ActivitySubject(Guid Id, string? Name);

using Microsoft.Extensions.Localization;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Why;
using VppBooks.Web.Components.Why;

namespace VppBooks.Web.Api;

/// <summary>An explanation as programs read it: codes to decide by, English text to show. Times are UTC; what is not known is left out.</summary>
internal sealed record WhyWire
{
    public required Guid PersonId { get; init; }

    public required Guid BookId { get; init; }

    public required Guid LocationId { get; init; }

    public required bool Holds { get; init; }

    public LicenseState? License { get; init; }

    public LicenseSource? Source { get; init; }

    public DateTimeOffset? SyncedAt { get; init; }

    /// <summary>The stage that stands in the way first; left out when none does.</summary>
    public WhyStage? Obstacle { get; init; }

    public required IReadOnlyList<Step> Steps { get; init; }

    public required IReadOnlyList<WhyAssignment> Assignments { get; init; }

    public WhyPlan? Plan { get; init; }

    public required IReadOnlyList<Change> History { get; init; }

    public required PersonDevices Devices { get; init; }

    public static WhyWire From(WhyAnswer answer, IStringLocalizer<WhyTexts> words) => new()
    {
        PersonId = answer.PersonId,
        BookId = answer.BookId,
        LocationId = answer.LocationId,
        Holds = answer.Holds,
        License = answer.License,
        Source = answer.Source,
        SyncedAt = answer.SyncedAt,
        Obstacle = answer.Obstacle?.Stage,
        Steps =
        [
            .. answer.Steps.Select(s => new Step(
                s.Stage, s.State, s.Reason, words.Fact(s), s.IsObstacle ? words.Advice(s) : null, s.At, s.ReadAt, s.Until, s.By, s.ErrorNumber, s.RefusedAccount, s.Mails, s.Place, s.Count,
                [.. s.IsObstacle ? s.Remedies.Select(r => new Remedy(CodeOf(r), r.Needs.ToString())) : []])),
        ],
        Assignments = answer.Assignments,
        Plan = answer.Plan,
        History = [.. answer.History.Select(h => new Change(h.At, h.From, h.To, h.Cause, words.Of(h.Cause), h.ErrorNumber, h.PlanId, h.EventId))],
        Devices = answer.Devices,
    };

    private static string CodeOf(WhyRemedy remedy)
    {
        var name = remedy.GetType().Name;
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    internal sealed record Step(
        WhyStage Stage, WhyState State, WhyReason Reason, string Text, string? Advice, DateTimeOffset? At, DateTimeOffset? ReadAt, DateTimeOffset? Until,
        string? By, int? ErrorNumber, string? RefusedAccount, WhyMails? Mails, int? Place, long? Count, IReadOnlyList<Remedy> Remedies);

    /// <summary>What can be done, and the permission it takes.</summary>
    internal sealed record Remedy(string Code, string Needs);

    internal sealed record Change(
        DateTimeOffset At, LicenseState? From, LicenseState To, LicenseCause Cause, string Text, int? ErrorNumber, Guid? PlanId, string? EventId);
}

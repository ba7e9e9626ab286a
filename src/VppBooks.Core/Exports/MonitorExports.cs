using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;

namespace VppBooks.Core.Exports;

/// <summary>What needs somebody, as tables: alerts, plans that wait for a decision, what the last verification found, and how the program hears of changes at Apple.</summary>
public sealed class MonitorExports(AlertDesk alerts, VerificationRuns verifications, PlanViews plans, LocationDirectory tokens)
{
    /// <summary>Open alerts, the worst first, and then those that ended lately.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out; thrown by all others too.</exception>
    public ExportTable Alerts(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "alerts",
        ["Alert id", "Kind", "Severity", "Subject", "Count", "Apple's error number", "About", "Token id", "Book id", "Since", "Over", "Noticed", "Noticed by", "Put off until"],
        ListExports.OnceAsync(
            () => alerts.ListAsync(actor, cancellationToken),
            a =>
            [
                a.PublicId, a.Facts.Kind, a.Facts.Severity, a.Facts.Subject, a.Facts.Count, a.Facts.ErrorNumber, a.Facts.About, a.Facts.LocationId, a.Facts.BookId,
                a.RaisedAt, a.ClearedAt, a.AcknowledgedAt, a.AcknowledgedByName, a.SnoozedUntil,
            ]));

    /// <summary>Differences of the last verification of this process, those without an explanation first; none before the first.</summary>
    public ExportTable Differences(Actor actor) => ListExports.Table(
        actor,
        "verification-differences",
        [
            "Verified", "Difference", "Cause", "Explained", "Rule", "Token id", "Token", "Book id", "Title", "Store id", "Quality", "Count", "Ids", "Request", "Request state", "About",
            "Apple's error number", "Claimed by", "At Apple", "Here", "Chain", "Number",
        ],
        ListExports.OnceAsync(
            () => Task.FromResult<IReadOnlyList<(DateTimeOffset At, Difference Found)>>(verifications.Read(actor).Last is { } last ? [.. last.Differences.Select(d => (last.EndedAt, d))] : []),
            row =>
            {
                var d = row.Found;
                return
                [
                    row.At, d.Kind, d.Cause, d.Explained, d.Invariant is { } invariant ? $"I{invariant}" : null, d.Location?.PublicId, d.Location?.Name, d.Book?.PublicId, d.Book?.Title, d.Book?.AdamId,
                    d.Book?.PricingParam, d.Count, string.Join("; ", d.Ids), d.OperationId, d.OperationState, d.At, d.ErrorNumber, d.Name, d.AtApple, d.Here, d.Chain, d.Sequence,
                ];
            }));

    /// <summary>Plans that wait for a second person, the oldest first: those that the banner of every page shows.</summary>
    public ExportTable AwaitingPlans(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "plans-awaiting-approval",
        ["Plan id", "Book id", "Title", "Store id", "Kind", "Licenses", "Committed by", "Committed by id"],
        ListExports.OnceAsync(
            () => plans.ListAwaitingAsync(actor, cancellationToken),
            p => [p.PlanId, p.BookId, p.Title, p.AdamId, p.Kind, p.Licenses, p.CommittedByName, p.CommittedById]));

    /// <summary>How the program hears of changes at Apple, by token.</summary>
    public ExportTable Notifications(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "notifications",
        ["Token id", "Token", "State", "Apple's error number", "Last notification"],
        ListExports.OnceAsync(
            () => tokens.ListAsync(actor, cancellationToken),
            t => [t.PublicId, t.Name, t.Notifications.State, t.Notifications.ErrorNumber, t.Notifications.LastAt]));
}

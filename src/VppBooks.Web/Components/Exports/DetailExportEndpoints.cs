using VppBooks.Core.Assignments;
using VppBooks.Core.Exports;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Monitor;

namespace VppBooks.Web.Components.Exports;

/// <summary>Lists of one plan, book, group or person, and those of the monitor, as files under the same rules as the others.</summary>
internal static class DetailExportEndpoints
{
    public static void MapDetails(RouteGroupBuilder exports)
    {
        exports.MapGet("/plan-people", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("plan")) is { } plan
            ? lists.PlanPeople(plan, Address.Parse<PlanOutcome>(q("outcome")), actor, stop)
            : null));
        exports.MapGet("/past-holders", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) =>
            ExportEndpoints.Id(q("book")) is { } book && ActivityState.Day(q("day")) is { } day && day < DateOnly.MaxValue.AddDays(-1) && day > DateOnly.MinValue
                ? lists.PastHolders(book, day, ExportEndpoints.Zone(q("zone")), actor, stop)
                : null));
        exports.MapGet("/book-groups", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("book")) is { } book ? lists.BookGroups(book, actor, stop) : null));
        exports.MapGet("/group-books", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("group")) is { } group ? lists.GroupBooks(group, actor, stop) : null));
        exports.MapGet("/person-books", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("person")) is { } person ? lists.PersonBooks(person, actor, stop) : null));
        exports.MapGet("/person-entitlements", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("person")) is { } person ? lists.PersonEntitlements(person, actor, stop) : null));
        exports.MapGet("/person-registrations", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("person")) is { } person ? lists.PersonRegistrations(person, actor, stop) : null));
        exports.MapGet("/person-mails", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("person")) is { } person ? lists.PersonMails(person, actor, stop) : null));
        exports.MapGet("/person-devices", (HttpContext context, DetailExports lists) => ExportEndpoints.SendAsync(context, (q, actor, stop) => ExportEndpoints.Id(q("person")) is { } person ? lists.PersonDevices(person, actor, stop) : null));
        exports.MapGet("/plans-awaiting-approval", (HttpContext context, MonitorExports lists) => ExportEndpoints.SendAsync(context, (_, actor, stop) => lists.AwaitingPlans(actor, stop)));
        exports.MapGet("/notifications", (HttpContext context, MonitorExports lists) => ExportEndpoints.SendAsync(context, (_, actor, stop) => lists.Notifications(actor, stop)));
        exports.MapGet("/alerts", (HttpContext context, MonitorExports lists) => ExportEndpoints.SendAsync(context, (_, actor, stop) => lists.Alerts(actor, stop)));
        exports.MapGet("/verification-differences", (HttpContext context, MonitorExports lists) => ExportEndpoints.SendAsync(context, (_, actor, _) => lists.Differences(actor)));
    }
}

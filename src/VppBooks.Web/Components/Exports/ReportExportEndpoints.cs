using System.Globalization;
using VppBooks.Core.Exports;
using VppBooks.Core.Reports;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Reports;

namespace VppBooks.Web.Components.Exports;

/// <summary>Reports as files, under the same rules as the lists.</summary>
internal static class ReportExportEndpoints
{
    public static void MapReports(RouteGroupBuilder exports)
    {
        exports.MapGet("/license-use", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (q, actor, stop) => reports.Usage(Address.Parse<UsageBy>(q("by")) ?? default, actor, stop)));
        exports.MapGet("/license-history", (HttpContext context, ReportExports reports, TimeProvider clock) => ExportEndpoints.SendAsync(context, (q, actor, stop) =>
        {
            var zone = ExportEndpoints.Zone(q("zone"));
            var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone).DateTime);
            var days = int.TryParse(q("days"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 1, HistoryReader.MostDays) : HistoryReader.MostDays;
            return reports.History(new HistoryScope(ExportEndpoints.Id(q("token")), ExportEndpoints.Id(q("book"))), today.AddDays(1 - days), today, zone, actor, stop);
        }));
        exports.MapGet("/shared-titles", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (_, actor, stop) => reports.SharedTitles(actor, stop)));
        // Without a title: the copies of people who hold one more than once.
        exports.MapGet("/title-copies", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (q, actor, stop) =>
            long.TryParse(q("title"), NumberStyles.None, CultureInfo.InvariantCulture, out var title) ? reports.TitleCopies(title, twice: false, actor, stop) : reports.TitleCopies(null, twice: true, actor, stop)));
        exports.MapGet("/unserved-copies", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (_, actor, stop) => reports.Unserved(actor, stop)));
        exports.MapGet("/unregistered-people", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (_, actor, stop) => reports.Unready(actor, stop)));
        exports.MapGet("/forecast", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (q, actor, stop) => reports.Forecast(ReportAddresses.Query(ExportEndpoints.Id(q("token")), q("weeks")), actor, stop)));
        exports.MapGet("/shopping-list", (HttpContext context, ReportExports reports) => ExportEndpoints.SendAsync(context, (q, actor, stop) => reports.Shopping(ReportAddresses.Query(ExportEndpoints.Id(q("token")), q("weeks")), actor, stop)));
    }
}

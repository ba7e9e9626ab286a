using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Exports;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Monitor;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Exports;

/// <summary>Lists as files: <c>/exports/{list}</c> with the query of the list's page. Written row by row while it is read, under a fixed name.</summary>
internal static class ExportEndpoints
{
    private const int FlushEvery = 200;
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default };

    public static void MapExports(this IEndpointRouteBuilder routes)
    {
        var exports = routes.MapGroup("/exports").RequireAuthorization(Policies.Export);
        exports.MapGet("/tokens", (HttpContext context, ListExports lists) => SendAsync(context, (_, actor, stop) => lists.Tokens(actor, stop)));
        exports.MapGet("/books", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.Books(
            BookListState.Parse(q("q"), Id(q("token")), q("genre"), Id(q("category")), q("language"), q("state"), q("sort"), 1).Query, actor, stop)));
        exports.MapGet("/categories", (HttpContext context, ListExports lists) => SendAsync(context, (_, actor, stop) => lists.Categories(actor, stop)));
        exports.MapGet("/book-people", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => Id(q("book")) is { } book
            ? lists.BookPeople(book, new BookPeopleQuery { Search = q("q"), State = Address.Parse<LicenseState>(q("state")) }, actor, stop)
            : null));
        exports.MapGet("/waiting-list", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => Id(q("book")) is { } book ? lists.Waiting(book, actor, stop) : null));
        exports.MapGet("/groups", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.Groups(q("q"), actor, stop)));
        exports.MapGet("/group-members", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => Id(q("group")) is { } group ? lists.Members(group, q("q"), actor, stop) : null));
        exports.MapGet("/people", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.People(
            new PeopleQuery { Search = q("q"), Registration = Address.Parse<RegistrationState>(q("state")), Presence = Address.Parse<Presence>(q("directory")) }, actor, stop)));
        exports.MapGet("/stuck-copies", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.Copies(CopyTrouble.Stuck, q("q"), actor, stop)));
        exports.MapGet("/copies-with-leavers", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.Copies(CopyTrouble.WithLeavers, q("q"), actor, stop)));
        exports.MapGet("/sync-runs", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.SyncRuns(Id(q("token")), actor, stop)));
        exports.MapGet("/activity", (HttpContext context, ListExports lists) => SendAsync(context, (q, actor, stop) => lists.Activity(
            ActivityState.Parse(q).Query(Zone(q("zone"))), actor, stop))).RequireAuthorization(Policies.ReadActivity);
        DetailExportEndpoints.MapDetails(exports);
        ReportExportEndpoints.MapReports(exports);
    }

    internal static async Task SendAsync(HttpContext context, Func<Func<string, string?>, Actor, CancellationToken, ExportTable?> choose)
    {
        var stop = context.RequestAborted;
        var actor = CoreActor.From(context.User);
        Func<string, string?> query = name => context.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;
        if (choose(query, actor, stop) is not { } table)
        {
            await TellAsync(context, StatusCodes.Status400BadRequest, "The address must name what the list is of, such as /exports/book-people?book={id}, ?group={id}, ?plan={id} or ?person={id}, and for past holders the day as well, such as &day=2026-09-01.");
            return;
        }

        using var run = await context.RequestServices.GetRequiredService<ExportRuns>()
            .BeginAsync(actor, table.Name, context.Request.Query.Any(q => q.Key is not ("format" or "zone")), stop);
        if (run is null)
        {
            context.Response.Headers.RetryAfter = "10";
            await TellAsync(context, StatusCodes.Status429TooManyRequests, "Another export of yours is still running. Wait until it has ended, then export again.");
            return;
        }

        var lines = query("format") == "jsonl";
        context.Response.ContentType = lines ? "application/jsonl; charset=utf-8" : "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"vppbooks-{table.Name}.{(lines ? "jsonl" : "csv")}\"";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await WriteAsync(table, lines, context.Response.Body, run.Count, stop);
            run.Complete();
        }
        catch (Exception e) when (context.Response.HasStarted && e is not OperationCanceledException)
        {
            // Half a list must not look like a whole one.
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ExportEndpoints)).ExportBroken(e, table.Name, run.Rows);
            context.Abort();
        }
    }

    /// <summary>Writes a table; at most <see cref="FlushEvery"/> rows are held.</summary>
    internal static async Task WriteAsync(ExportTable table, bool lines, Stream body, Action written, CancellationToken stop)
    {
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: !lines), 16 * 1024, leaveOpen: true);
        writer.NewLine = lines ? "\n" : CsvText.NewLine;
        var keys = table.Columns.Select(c => JsonNamingPolicy.CamelCase.ConvertName(string.Concat(c.Split(' ', '\'').Select(Capital)))).ToList();
        if (!lines)
        {
            await writer.WriteLineAsync(CsvText.Line(table.Columns).AsMemory(), stop);
        }

        var count = 0;
        await foreach (var row in table.Rows.WithCancellation(stop))
        {
            await writer.WriteLineAsync((lines ? JsonLine(keys, row) : CsvText.Line(row)).AsMemory(), stop);
            written();
            if (++count % FlushEvery == 0)
            {
                await writer.FlushAsync(stop);
            }
        }
    }

    private static string JsonLine(List<string> keys, object?[] row) =>
        JsonSerializer.Serialize(keys.Zip(row).Where(p => p.Second is not null).ToDictionary(p => p.First, p => p.Second is Enum word ? word.ToString() : p.Second), _json);

    private static string Capital(string word) => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..];

    private static async Task TellAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(sentence, context.RequestAborted);
    }

    internal static Guid? Id(string? text) => Guid.TryParse(text, out var id) ? id : null;

    internal static TimeZoneInfo Zone(string? id) => id is not null && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Utc;
}

internal static partial class ExportLog // ids 1320-1339
{
    [LoggerMessage(1320, LogLevel.Error, "The export of {List} ended after {Rows} rows")]
    public static partial void ExportBroken(this ILogger logger, Exception exception, string list, long rows);
}

using VppBooks.Apple;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Reports;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary>Every report of the console for programs, with the questions its page knows.</summary>
internal static class ReportsApi
{
    private static readonly ApiOption _zone = new("zone", "Where days begin and end, such as Europe/Amsterdam", "UTC");

    private static readonly ApiOption[] _forecast =
    [
        new("token", "Id of a token; absent: all"),
        new("book", "Id of a book; absent: all"),
        new("weeks", "Weeks to look ahead, 1 to 52", "12"),
    ];

    private static readonly ApiOption[] _history =
    [
        new("token", "Id of a token; absent: all"),
        new("book", "Id of a book; absent: all"),
        new("days", $"Days to tell, today the last of them, 1 to {HistoryReader.MostDays}", "30"),
        _zone,
    ];

    public static void Map(RouteGroupBuilder routes)
    {
        var reports = routes.MapGroup("/reports").RequireAuthorization(Policies.ReadAll);
        reports.MapGet("/licenses", LicensesAsync).Produces<TotalsWire>().WithSummary("Licenses and people in all");
        reports.MapGet("/use", UseAsync).Produces<ListWire<UsageRow>>().WithSummary("Use of licenses, by name").WithMetadata(new ApiOption("by", "What a row is: book, location, genre or group", "book"));
        reports.MapGet("/history", HistoryAsync).Produces<ListWire<DayWire>>().WithSummary("Counts of past days, as far as they are known").WithMetadata(_history);
        reports.MapGet("/titles", TitlesAsync).Produces<TitlesWire>().WithSummary("Titles that several tokens have");
        reports.MapGet("/unserved", UnservedAsync).Produces<ListWire<UnservedBook>>().WithSummary("Copies that have not reached their reader, by book");
        reports.MapGet("/unregistered", UnregisteredAsync).Produces<UnregisteredWire>().WithSummary("People who cannot receive books yet, by name").WithMetadata(ApiOption.Followed);
        reports.MapGet("/forecast", ForecastAsync).Produces<ListWire<BookForecast>>().WithSummary("How long each stock lasts, the most urgent first").WithMetadata(_forecast);
        routes.MapGet("/books/{bookId}/days/{day}", PastDayAsync).RequireAuthorization(Policies.ReadAll).Produces<PastDayWire>()
            .WithSummary("A book at the end of a past day: Apple's counts, and who held it, by name").WithMetadata([.. ApiOption.Followed, _zone]);
        reports.MapGet("/shopping", ShoppingAsync).Produces<ListWire<PurchaseWire>>().WithSummary("What to buy, by token").WithMetadata(_forecast);
    }

    private static async Task<IResult> LicensesAsync(OverviewReader overview, CoreActor actor, CancellationToken cancellationToken)
    {
        var data = await overview.ReadAsync(await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new TotalsWire(data.Licenses, data.People));
    }

    private static async Task<IResult> UseAsync(HttpContext context, UsageReader usage, CoreActor actor, CancellationToken cancellationToken)
    {
        var by = new ApiOptions(context.Request).Word<UsageBy>("by") ?? UsageBy.Book;
        return ApiJson.Answer(new ListWire<UsageRow>(await usage.ListAsync(by, await actor.FindAsync(), cancellationToken)));
    }

    private static async Task<IResult> HistoryAsync(HttpContext context, HistoryReader history, TimeProvider clock, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var zone = Zone(options.Text("zone"));
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), zone).DateTime);
        var from = today.AddDays(1 - (options.Number("days", 1, HistoryReader.MostDays) ?? 30));
        var points = await history.ListAsync(new HistoryScope(options.Id("token"), options.Id("book")), from, today, zone, await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new ListWire<DayWire>([.. points.Where(p => p.Known).Select(p => new DayWire(p.Day, p.Bought, p.Assigned, p.Available, p.AssignedUnlimited))]));
    }

    private static async Task<IResult> PastDayAsync(
        HttpContext context, string bookId, string day, TimeMachine machine, BookCatalog books, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var (skip, top) = (options.Number("skip", 0, int.MaxValue) ?? 0, options.Number("top", 1, 999) ?? 100);
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(bookId, out var book) || await books.FindAsync(book, who, cancellationToken) is null)
        {
            return GraphError.NotFound("There is no such book.");
        }

        var (date, zone) = (ApiOptions.Day("day", day), Zone(options.Text("zone")));
        var list = $"holders of {book} on {date:yyyy-MM-dd} in {zone.Id}";
        var after = options.Cursor(tokens, list) is { } words ? ApiOptions.Place(words, HolderPlace.Of) : null;
        var counts = await machine.CountsAsync(book, date, zone, who, cancellationToken);
        var holders = await machine.HoldersAsync(book, date, zone, after is null ? skip : 0, top, who, cancellationToken, after);
        return ApiJson.Answer(new PastDayWire(date, counts, holders.Rows, holders.Total, holders.Next is { } next ? tokens.Write(next.Words, list) : null));
    }

    private static async Task<IResult> TitlesAsync(TitleReports titles, CoreActor actor, CancellationToken cancellationToken)
    {
        var shared = await titles.SharedAsync(await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new TitlesWire(shared.Titles, shared.PeopleTwice, shared.CopiesTwice));
    }

    private static async Task<IResult> UnservedAsync(ServingReports serving, CoreActor actor, CancellationToken cancellationToken) =>
        ApiJson.Answer(new ListWire<UnservedBook>(await serving.UnservedAsync(await actor.FindAsync(), cancellationToken)));

    private const string Unregistered = "unregistered people";

    private static async Task<IResult> UnregisteredAsync(HttpContext context, ServingReports serving, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var (skip, top) = (options.Number("skip", 0, int.MaxValue) ?? 0, options.Number("top", 1, 999) ?? 100);
        var after = options.Cursor(tokens, Unregistered) is { } words ? ApiOptions.Place(words, PersonPlace.Of) : null;
        var all = await serving.UnreadyAsync(after is null ? skip : 0, top + 1, await actor.FindAsync(), cancellationToken, after);
        var rows = all.People.Rows.Take(top).ToList();
        var next = all.People.Rows.Count > top ? tokens.Write(new PersonPlace(rows[^1].DisplayName, rows[^1].PersonId).Words, Unregistered) : null;
        return ApiJson.Answer(new UnregisteredWire(rows, all.People.Total, all.Ready, all.Partly, all.NotRegistered, all.Invited, all.UnderWay, all.Refused, all.Retired, next));
    }

    private static async Task<IResult> ForecastAsync(HttpContext context, ForecastReader forecasts, CoreActor actor, CancellationToken cancellationToken) =>
        ApiJson.Answer(new ListWire<BookForecast>(await forecasts.ListAsync(Question(context), await actor.FindAsync(), cancellationToken)));

    private static async Task<IResult> ShoppingAsync(HttpContext context, ForecastReader forecasts, CoreActor actor, CancellationToken cancellationToken) =>
        ApiJson.Answer(new ListWire<PurchaseWire>([.. ShoppingList.Of(await forecasts.ListAsync(Question(context), await actor.FindAsync(), cancellationToken)).Select(PurchaseWire.From)]));

    private static ForecastQuery Question(HttpContext context)
    {
        var (options, usual) = (new ApiOptions(context.Request), new ForecastQuery());
        return usual with { Location = options.Id("token"), Book = options.Id("book"), WeeksAhead = options.Number("weeks", 1, 52) ?? usual.WeeksAhead };
    }

    private static TimeZoneInfo Zone(string? id) => id is null ? TimeZoneInfo.Utc
        : TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone
        : throw new GraphQueryException("zone must be the name of a time zone such as Europe/Amsterdam.");

    private sealed record TotalsWire(LicenseTotals Licenses, PeopleTotals People);

    /// <summary>Counts at the end of a day.</summary>
    private sealed record DayWire(DateOnly Day, long Bought, long Assigned, long Available, long AssignedUnlimited);

    /// <summary>A book at the end of a day: the counts are null when nothing was known of it by then, <c>total</c> is the length of the whole list, <c>next</c> the cursor of the next page.</summary>
    private sealed record PastDayWire(DateOnly Day, CountsThen? Counts, IReadOnlyList<HolderThen> Value, int Total, string? Next);

    private sealed record TitlesWire(IReadOnlyList<SharedTitle> Value, int PeopleTwice, int CopiesTwice);

    /// <summary>A page of people, and how many of all people stand where; <c>total</c> is the length of the whole list, <c>next</c> the cursor of the next page.</summary>
    private sealed record UnregisteredWire(IReadOnlyList<UnreadyPerson> Value, int Total, int Ready, int Partly, int NotRegistered, int Invited, int UnderWay, int Refused, int Retired, string? Next);

    /// <summary>A line of the shopping list.</summary>
    private sealed record PurchaseWire(
        Guid TokenId, string TokenName, string LocationName, Guid BookId, string? Title, string? Author, long AdamId, PricingParam Quality,
        long Buy, long BuyAtLeast, long BuyAtMost, DateOnly? BuyBy, long Available, int Waiting, string? StoreUrl)
    {
        public static PurchaseWire From(BookForecast book) => new(
            book.LocationId, book.TokenName, book.LocationName, book.BookId, book.Title, book.Author, book.AdamId, book.Quality,
            book.Forecast.Likely.Buy, book.Forecast.Low.Buy, book.Forecast.High.Buy, book.Forecast.BuyBy, book.Forecast.Facts.Available, book.Forecast.Facts.Waiting, book.StoreUrl);
    }
}

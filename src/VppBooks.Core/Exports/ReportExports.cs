using System.Runtime.CompilerServices;
using VppBooks.Core.People;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;

namespace VppBooks.Core.Exports;

/// <summary>Every report as a table: what its page shows, all of it.</summary>
public sealed class ReportExports(UsageReader usage, HistoryReader history, TitleReports titles, ServingReports serving, ForecastReader forecasts)
{
    private const int Take = 500;

    /// <summary>Use of licenses.</summary>
    /// <exception cref="NotAllowedException">The actor may not take lists out; thrown by all others too.</exception>
    public ExportTable Usage(UsageBy by, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "license-use",
        ["By", "Id", "Name", "Store id", "Quality", "Token", "Books", "Bought", "Assigned", "Of these unlimited", "Available", "On their way", "Waiting", "With leavers", "Used", "Holder has a managed device"],
        ListExports.OnceAsync(
            () => usage.ListAsync(by, actor, cancellationToken),
            r => [by, r.Id, r.Name, r.AdamId, r.Quality, r.TokenName, r.Books, r.Bought, r.Assigned, r.AssignedUnlimited, r.Available, r.OnTheirWay, r.Waiting, r.Leavers, r.Used, r.WithDevice]));

    /// <summary>Counts of past days.</summary>
    public ExportTable History(HistoryScope scope, DateOnly from, DateOnly until, TimeZoneInfo zone, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "license-history",
        ["Day", "Bought", "Assigned", "Available", "Unlimited assigned"],
        ListExports.OnceAsync<HistoryPoint>(
            async () => [.. (await history.ListAsync(scope, from, until, zone, actor, cancellationToken)).Where(p => p.Known)],
            p => [p.Day, p.Bought, p.Assigned, p.Available, p.AssignedUnlimited]));

    /// <summary>Titles bought through several tokens.</summary>
    public ExportTable SharedTitles(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "shared-titles",
        ["Store id", "Title", "Author", "Tokens", "Bought", "Assigned", "Available", "Holders", "Held more than once"],
        ListExports.OnceAsync(
            async () => (await titles.SharedAsync(actor, cancellationToken)).Titles,
            t => [t.AdamId, t.Title, t.Author, string.Join("; ", t.Tokens), t.Bought, t.Assigned, t.Available, t.Holders, t.HeldTwice]));

    /// <summary>Copies of a title by holder; of every title when null.</summary>
    public ExportTable TitleCopies(long? adamId, bool twice, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "title-copies",
        ["Person id", "Name", "User principal name", "Book id", "Title", "Store id", "Token", "Quality", "Since", "Copies of this person"],
        ListExports.EachAsync(
            () => titles.StreamCopiesAsync(adamId, twice, actor, cancellationToken),
            c => [c.PersonId, c.DisplayName, c.UserPrincipalName, c.BookId, c.Title, c.AdamId, c.TokenName, c.Quality, c.Since, c.Copies]));

    /// <summary>Copies that have not reached their reader, by book.</summary>
    public ExportTable Unserved(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "unserved-copies",
        ["Book id", "Title", "Store id", "Quality", "Token", "Waiting for stock", "Waiting for acceptance", "Waiting for approval", "Failed", "Stuck"],
        ListExports.OnceAsync(
            () => serving.UnservedAsync(actor, cancellationToken),
            b => [b.BookId, b.Title, b.AdamId, b.Quality, b.TokenName, b.ForStock, b.ForAcceptance, b.ForApproval, b.Failed, b.Stuck]));

    /// <summary>People who cannot receive books yet: a row for each token that has a book for them, or one without a token when none has.</summary>
    public ExportTable Unready(Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "unregistered-people",
        ["Person id", "Name", "User principal name", "Registration", "Apple's error number", "Books expected", "Token"],
        UnreadyAsync(actor, cancellationToken));

    /// <summary>Forecasts of all books with a stock.</summary>
    public ExportTable Forecast(ForecastQuery query, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "forecast",
        [
            "Book id", "Title", "Store id", "Quality", "Token", "Verdict", "Available", "Set aside", "Waiting", "Entitled", "Offered", "Weeks known", "Likely per week", "Runs out early", "Runs out likely", "Runs out late",
            "Buy at least", "Buy likely", "Buy at most", "Buy by",
        ],
        ListExports.OnceAsync(() => forecasts.ListAsync(query, actor, cancellationToken), b =>
        {
            var (f, facts) = (b.Forecast, b.Forecast.Facts);
            return
            [
                b.BookId, b.Title, b.AdamId, b.Quality, b.TokenName, f.Verdict, facts.Available, facts.SetAside, facts.Waiting, facts.Entitled, facts.Offered, facts.Weeks.Count, Math.Round(f.Likely.PerWeek, 2),
                f.High.RunsOut, f.Likely.RunsOut, f.Low.RunsOut, f.Low.Buy, f.Likely.Buy, f.High.Buy, f.BuyBy,
            ];
        }));

    /// <summary>What to buy, by location.</summary>
    public ExportTable Shopping(ForecastQuery query, Actor actor, CancellationToken cancellationToken) => ListExports.Table(
        actor,
        "shopping-list",
        ["Token", "Location", "Title", "Author", "Store id", "Quality", "Buy", "Buy at least", "Buy at most", "Buy by", "Available", "Waiting", "Store address"],
        ListExports.OnceAsync<BookForecast>(
            async () => ShoppingList.Of(await forecasts.ListAsync(query, actor, cancellationToken)),
            b =>
            [
                b.TokenName, b.LocationName, b.Title, b.Author, b.AdamId, b.Quality, b.Forecast.Likely.Buy, b.Forecast.Low.Buy, b.Forecast.High.Buy, b.Forecast.BuyBy,
                b.Forecast.Facts.Available, b.Forecast.Facts.Waiting, b.StoreUrl,
            ]));

    private async IAsyncEnumerable<object?[]> UnreadyAsync(Actor actor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (PersonPlace? last = null; ;)
        {
            var page = (await serving.UnreadyAsync(0, Take, actor, cancellationToken, last)).People.Rows;
            foreach (var person in page)
            {
                if (person.Tokens.Count == 0)
                {
                    yield return [person.PersonId, person.DisplayName, person.UserPrincipalName, person.State, person.ErrorNumber, person.BooksExpected, null];
                }

                foreach (var token in person.Tokens)
                {
                    yield return [person.PersonId, person.DisplayName, person.UserPrincipalName, token.State, token.ErrorNumber, token.BooksExpected, token.TokenName];
                }
            }

            if (page.Count < Take)
            {
                yield break;
            }

            last = new PersonPlace(page[^1].DisplayName, page[^1].PersonId);
        }
    }
}

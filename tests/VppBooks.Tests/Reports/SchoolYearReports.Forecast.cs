using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Reports;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Reports;

/// <content>Forecasts, each from facts that were gathered anew, and the shopping list.</content>
internal sealed partial class SchoolYearReports
{
    private async Task CompareForecastsAsync()
    {
        var reader = Get<ForecastReader>();
        var all = await reader.ListAsync(new ForecastQuery(), Admin, Stop);
        var limited = truth.Books.Where(b => b is { Unlimited: false, Listed: true }).ToList();
        Assert.Equal(limited.Select(b => b.Row.PublicId).Order(), all.Select(f => f.BookId).Order());
        foreach (var forecast in all)
        {
            CompareForecast(truth.Book(forecast.BookId), forecast);
        }

        foreach (var location in truth.Books.Select(b => b.LocationId).Distinct())
        {
            var there = await reader.ListAsync(new ForecastQuery { Location = location }, Admin, Stop);
            Assert.Equal(all.Where(f => f.LocationId == location).Select(Numbers), there.Select(Numbers));
        }

        foreach (var book in truth.Books.Where(b => year.Wishes.Exists(w => w.Book == b.Row.PublicId)))
        {
            CompareForecast(book, Assert.Single(await reader.ListAsync(new ForecastQuery { Book = book.Row.PublicId }, Admin, Stop)));
        }

        // What is missing when everybody likely has come, location by location.
        var list = ShoppingList.Of(all);
        Assert.Equal(
            all.Select(f => (f.BookId, Buy: f.Forecast.Likely.Demand - truth.Book(f.BookId).Counts.Available)).Where(f => f.Buy > 0).Order(),
            list.Select(f => (f.BookId, f.Forecast.Likely.Buy)).Order());
        Assert.Equal(list.Select(f => f.TokenName).Order(StringComparer.CurrentCultureIgnoreCase), list.Select(f => f.TokenName));
        year.Saw("Shopping list", list.Count);
        See(
            "Forecast",
            ("available", all.Sum(f => f.Forecast.Facts.Available)),
            ("set aside", all.Sum(f => f.Forecast.Facts.SetAside)),
            ("waiting", all.Sum(f => f.Forecast.Facts.Waiting)),
            ("entitled", all.Sum(f => f.Forecast.Facts.Entitled)),
            ("offered", all.Sum(f => f.Forecast.Facts.Offered)),
            ("taken", all.Sum(f => f.Forecast.Facts.Weeks.Sum(w => w.Taken))),
            ("claimed otherwise", all.Sum(f => f.Forecast.Facts.Weeks.Sum(w => w.Other))),
            ("short now", all.Count(f => f.Forecast.Verdict == ForecastVerdict.ShortNow)),
            ("enough", all.Count(f => f.Forecast.Verdict == ForecastVerdict.Enough)));

        static (Guid, ForecastCase, ForecastCase, ForecastCase, DateOnly?) Numbers(BookForecast f) => (f.BookId, f.Forecast.Low, f.Forecast.Likely, f.Forecast.High, f.Forecast.BuyBy);
    }

    private void CompareForecast(TrueBook book, BookForecast told)
    {
        var (rows, facts) = (truth.Rows(book).ToList(), told.Forecast.Facts);
        var wishes = year.Wishes.Where(w => w.Book == book.Row.PublicId).ToList();
        var required = Unserved(wishes.Where(w => w.Intent == Intent.Required));
        var expected = new ForecastFacts
        {
            Unlimited = book.Unlimited,
            Available = book.Row.AvailableCount,
            SetAside = rows.Count(r => OnTheirWay.Contains(r.State) || r.State == LicenseState.Held),
            Waiting = rows.Count(r => r.State == LicenseState.Waiting),
            Entitled = required.Count,
            Offered = Unserved(wishes).Except(required).Count(),
            Weeks = [.. Enumerable.Range(0, facts.Weeks.Count).Select(i => Claimed(book, rows, facts.Weeks.Count - i))],
        };
        Assert.Equal(
            (expected.Unlimited, expected.SetAside, expected.Waiting, expected.Entitled, expected.Offered), (facts.Unlimited, facts.SetAside, facts.Waiting, facts.Entitled, facts.Offered));
        Assert.Equal(expected.Weeks, facts.Weeks);
        if (!book.Unlimited)
        {
            Assert.Equal(book.Counts.Available, facts.Available);
        }

        var made = Forecaster.Make(expected, told.Forecast.Question);
        Assert.Equal((made.Basis, made.Verdict, made.Low, made.Likely, made.High, made.BuyBy), (told.Forecast.Basis, told.Forecast.Verdict, told.Forecast.Low, told.Forecast.Likely, told.Forecast.High, told.Forecast.BuyBy));

        HashSet<Guid> Unserved(IEnumerable<(Guid Book, Guid? Group, Intent Intent)> reaching) =>
        [
            .. reaching.SelectMany(w => truth.Members(w.Group))
                .Where(p => year.Directory.People[p] is { AccountEnabled: true, UserType: "Member" } && !truth.HasRow(p, book.Row.AdamId)),
        ];
    }

    /// <summary>What was claimed in a week of the past: what readers took, who joined, and what Apple spent that was not for us.</summary>
    private ClaimedWeek Claimed(TrueBook book, List<LedgerRow> rows, int weeksAgo)
    {
        var (begin, end) = (truth.Now.AddDays(-7 * weeksAgo), truth.Now.AddDays(-7 * (weeksAgo - 1)));
        var byId = rows.ToDictionary(r => r.Id);
        var changes = truth.Changes.Where(c => Inside(c.At) && byId.ContainsKey(c.LicenseId)).ToList();
        var ours = changes.Count(c => c.To == LicenseState.Assigned && byId[c.LicenseId].Source != LicenseSource.FoundAtApple);
        var spent = truth.AtApple.Count(e => e.Location == book.UId && e.AdamId == book.Row.Key.AdamId && e.PricingParam == book.Row.PricingParam.ToString()
            && e.Result == SpendResult.Spent && Inside(e.Time));
        return new ClaimedWeek(
            year.Takings.Count(t => t.Book == book.Row.PublicId && Inside(t.At)),
            changes.Count(c => c.Cause == LicenseCause.Joined) + Math.Max(0, spent - ours));

        bool Inside(DateTimeOffset at) => at >= begin && at < end;
    }
}

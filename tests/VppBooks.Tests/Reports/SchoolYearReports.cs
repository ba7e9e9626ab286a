using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>Compares every report with <see cref="SchoolYearTruth"/>: this part the ledger itself, the use of licenses, titles across tokens, and the forecast.</summary>
internal sealed partial class SchoolYearReports(SchoolYear year, SchoolYearTruth truth)
{
    private static readonly LicenseState[] OnTheirWay = [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    private static Actor Admin => CoreHouse.Admin;

    private static CancellationToken Stop => CancellationToken.None;

    /// <summary>Every report of now.</summary>
    public async Task CompareAsync()
    {
        await CompareLedgerAsync();
        await CompareUsageAsync();
        await CompareTitlesAsync();
        await CompareUnservedAsync();
        await CompareUnreadyAsync();
        await CompareForecastsAsync();
        await CompareTroubledCopiesAsync();
        await ComparePeopleAsync();
        await CompareBooksAsync();
        await CompareAssignmentsAsync();
        await CompareOverviewAsync();
        await CompareLocationsAsync();
    }

    /// <summary>Apple is read once more by the product's own check, which finds nothing that it cannot explain.</summary>
    public async Task VerifyAsync()
    {
        var result = await Get<LedgerVerifier>().VerifyAsync(null, Stop);
        Assert.Equal(0, result.Unexplained);
        Assert.All(result.Differences, d => Assert.Equal(DifferenceKind.TitleTwice, d.Kind));
        Assert.Equal(year.UIds.Count, result.Locations.Count(l => l.Checked));
    }

    /// <summary>The activity of the whole year tells of every copy that our people have at its end.</summary>
    public async Task CompareActivityAsync()
    {
        var given = new HashSet<(Guid, Guid)>();
        await foreach (var entry in Get<ActivityReader>().StreamAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses }, Admin, Stop))
        {
            if (entry.To == LicenseState.Assigned)
            {
                given.Add((entry.Book!.Id, entry.Person!.Id));
            }
        }

        Assert.Equal(Sorted(Copies(truth.Books)), Sorted(given));
        year.Saw("Activity", given.Count);
    }

    private T Get<T>()
        where T : notnull => year.House.Core.Get<T>();

    /// <summary>Rows of the ledger are the copies at Apple one by one, and their sum is what Apple counts.</summary>
    private async Task CompareLedgerAsync()
    {
        await using var db = await year.House.Core.OpenAsync();
        var foreign = (await db.ForeignHoldings.Join(db.VppUsers, h => h.VppUserId, u => u.Id, (h, u) => new { h.BookId, u.ClientUserId }).ToListAsync()).ToLookup(h => h.BookId, h => h.ClientUserId);
        foreach (var book in truth.Books)
        {
            Assert.Equal(book.Ours.Order(), truth.Rows(book).Where(r => r.State == LicenseState.Assigned).Select(r => r.Person).Order());
            Assert.Equal(book.Copies.Where(c => c.Person is null).Select(c => c.ClientUserId).Order(StringComparer.Ordinal), foreign[book.Row.Id].Order(StringComparer.Ordinal));
            Assert.Equal(book.Counts.Assigned, book.Copies.Count);
            Assert.Equal((book.Unlimited, (long)book.Counts.Assigned, (long)book.Counts.Retired), (book.Row.Unlimited, book.Row.AssignedCount, book.Row.RetiredCount));
        }
    }

    private async Task CompareUsageAsync()
    {
        var reader = Get<UsageReader>();
        var byBook = truth.Books.Select(b => Use(b)).ToList();
        await CompareRowsAsync(UsageBy.Book, byBook);
        await CompareRowsAsync(UsageBy.Location, truth.Books.GroupBy(b => (b.LocationId, b.TokenName)).Select(g => Together(g.Select(b => Use(b))) with { Id = g.Key.LocationId, Name = g.Key.TokenName }));
        await CompareRowsAsync(UsageBy.Genre, truth.Books.GroupBy(b => b.Genre).Select(g => Together(g.Select(b => Use(b))) with { Name = g.Key.Length > 0 ? g.Key : null }));
        await CompareRowsAsync(UsageBy.Group, year.Wishes.GroupBy(w => w.Group).Select(g => Use(g)));
        foreach (var by in (UsageBy[])[UsageBy.Book, UsageBy.Location, UsageBy.Genre])
        {
            Assert.Equal(Together(byBook), UsageReader.Sum(await reader.ListAsync(by, Admin, Stop)));
        }

        async Task CompareRowsAsync(UsageBy by, IEnumerable<UsageRow> expected)
        {
            var rows = await reader.ListAsync(by, Admin, Stop);
            Assert.Equal(expected.OrderBy(r => (r.Id, r.Name)), rows.OrderBy(r => (r.Id, r.Name)));
            var sum = UsageReader.Sum(rows);
            (string, long)[] numbers =
            [
                ("rows", rows.Count), ("books", sum.Books), ("assigned", sum.Assigned), ("unlimited", sum.AssignedUnlimited), ("on their way", sum.OnTheirWay), ("waiting", sum.Waiting),
                ("leavers", sum.Leavers), ("used", sum.Used), ("not used", sum.Assigned - sum.Used), ("on a device", sum.OnDevice),
            ];
            See($"Use by {by}", by == UsageBy.Group ? [.. numbers.Where(n => n.Item1 != "leavers")] : [.. numbers, ("bought", sum.Bought!.Value), ("available", sum.Available!.Value)]);
        }
    }

    private UsageRow Use(TrueBook book)
    {
        var rows = truth.Rows(book).ToList();
        return Together(book.Copies, rows, book.Unlimited) with
        {
            Id = book.Row.PublicId,
            Name = book.Title,
            AdamId = book.Row.AdamId,
            Quality = book.Row.PricingParam,
            TokenName = book.TokenName,
            Books = 1,
            Bought = book.Unlimited ? null : book.Counts.Total,
            Available = book.Unlimited ? null : book.Counts.Available,
        };
    }

    private UsageRow Use(IGrouping<Guid?, (Guid Book, Guid? Group, Intent Intent)> wishes)
    {
        var members = truth.Members(wishes.Key);
        return Together(wishes.Select(w => truth.Book(w.Book)).Select(b => Together(
            [.. b.Copies.Where(c => c.Person is { } person && members.Contains(person))],
            [.. truth.Rows(b).Where(r => members.Contains(r.Person))],
            b.Unlimited) with { Books = 1 })) with
        {
            Id = wishes.Key,
            Name = wishes.Key is { } group ? year.Directory.Groups[group].DisplayName : null,
        };
    }

    private UsageRow Together(IReadOnlyCollection<TrueCopy> copies, IReadOnlyCollection<LedgerRow> rows, bool unlimited) => new()
    {
        Assigned = copies.Count,
        AssignedUnlimited = unlimited ? copies.Count : 0,
        OnTheirWay = rows.Count(r => OnTheirWay.Contains(r.State)),
        Waiting = rows.Count(r => r.State == LicenseState.Waiting),
        Leavers = copies.Count(c => c.Left),
        Used = copies.Count(c => c.Accepted),
        OnDevice = copies.Count(c => c.Person is { } person && year.WithDevice.Contains(person)),
    };

    private static UsageRow Together(IEnumerable<UsageRow> rows) => rows.Aggregate(new UsageRow(), (sum, row) => new UsageRow
    {
        Books = sum.Books + row.Books,
        Bought = Plus(sum.Bought, row.Bought),
        Assigned = sum.Assigned + row.Assigned,
        AssignedUnlimited = sum.AssignedUnlimited + row.AssignedUnlimited,
        Available = Plus(sum.Available, row.Available),
        OnTheirWay = sum.OnTheirWay + row.OnTheirWay,
        Waiting = sum.Waiting + row.Waiting,
        Leavers = sum.Leavers + row.Leavers,
        Used = sum.Used + row.Used,
        OnDevice = sum.OnDevice + row.OnDevice,
    });

    private static long? Plus(long? one, long? other) => one is null ? other : one + (other ?? 0);

    private async Task CompareTitlesAsync()
    {
        var reader = Get<TitleReports>();
        var shared = await reader.SharedAsync(Admin, Stop);
        var held = truth.Books.SelectMany(b => b.Ours.Select(p => (Book: b, Person: p))).ToLookup(h => (h.Book.Row.AdamId, h.Person));
        var twice = held.Where(h => h.Count() > 1).ToList();
        Assert.Equal(
            truth.Books.GroupBy(b => b.Row.AdamId).Where(g => g.DistinctBy(b => b.UId).Count() > 1).OrderBy(g => g.Key).Select(g =>
            {
                var limited = g.Where(b => !b.Unlimited).ToList();
                return (
                    g.Key,
                    string.Join(", ", g.Select(b => b.TokenName).Distinct().Order(StringComparer.Ordinal)),
                    (long?)limited.Sum(b => (long)b.Counts.Total),
                    g.Sum(b => (long)b.Copies.Count),
                    (long?)limited.Sum(b => (long)b.Counts.Available),
                    held.Count(h => h.Key.AdamId == g.Key),
                    twice.Count(h => h.Key.AdamId == g.Key));
            }),
            shared.Titles.OrderBy(t => t.AdamId).Select(t => (t.AdamId, string.Join(", ", t.Tokens.Order(StringComparer.Ordinal)), t.Bought, t.Assigned, t.Available, t.Holders, t.HeldTwice)));
        Assert.Equal((twice.DistinctBy(h => h.Key.Person).Count(), twice.Sum(h => h.Count() - 1)), (shared.PeopleTwice, shared.CopiesTwice));

        foreach (var adamId in truth.Books.Select(b => (long?)b.Row.AdamId).Distinct().Append(null))
        {
            foreach (var only in (bool[])[false, true])
            {
                var copies = await reader.CopiesAsync(adamId, only, 0, 999, Admin, Stop);
                var expected = held.Where(h => (adamId is null || h.Key.AdamId == adamId) && (!only || h.Count() > 1))
                    .SelectMany(h => h.Select(c => (truth.PublicId(c.Person), c.Book.Row.PublicId, c.Book.TokenName, c.Book.Row.PricingParam, h.Count()))).ToList();
                Assert.Equal(expected.Order(), copies.Rows.Select(c => (c.PersonId, c.BookId, c.TokenName, c.Quality, c.Copies)).Order());
                Assert.Equal(expected.Count, copies.Total);
                year.Saw(only ? "Copies of titles held twice" : "Copies of titles", copies.Total);
            }
        }

        See(
            "Shared titles",
            ("titles", shared.Titles.Count),
            ("bought", shared.Titles.Sum(t => t.Bought ?? 0)),
            ("assigned", shared.Titles.Sum(t => t.Assigned)),
            ("available", shared.Titles.Sum(t => t.Available ?? 0)),
            ("holders", shared.Titles.Sum(t => t.Holders)),
            ("held twice", shared.Titles.Sum(t => t.HeldTwice)),
            ("people", shared.PeopleTwice),
            ("copies", shared.CopiesTwice));
    }

    private async Task CompareForecastsAsync()
    {
        var reader = Get<ForecastReader>();
        var all = await reader.ListAsync(new ForecastQuery(), Admin, Stop);
        var limited = truth.Books.Where(b => !b.Unlimited).ToList();
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

    private IEnumerable<(Guid, Guid)> Copies(IEnumerable<TrueBook> books, Func<TrueCopy, bool>? which = null) =>
        books.SelectMany(b => b.Copies.Where(c => c.Person is not null && which?.Invoke(c) != false).Select(c => (b.Row.PublicId, truth.PublicId(c.Person!.Value))));

    private static List<(Guid, Guid)> Sorted(IEnumerable<(Guid, Guid)> pairs) => [.. pairs.Order()];

    private void See(string report, params IEnumerable<(string What, long Value)> numbers)
    {
        foreach (var (what, value) in numbers)
        {
            year.Saw($"{report}: {what}", value);
        }
    }
}

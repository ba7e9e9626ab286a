using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Exports;
using VppBooks.Core.Locations;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Overview;
using VppBooks.Web.Components.Reports;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Reports;

/// <summary>The pages over the same small world: a table behind every chart, an export of each.</summary>
public sealed class ReportPageTests : ElementContext, IClassFixture<ReportWorld>
{
    private readonly ReportWorld _world;

    public ReportPageTests(ReportWorld world)
    {
        _world = world;
        foreach (var reader in new object[]
        {
            world.Get<UsageReader>(), world.Get<HistoryReader>(), world.Get<TitleReports>(), world.Get<ServingReports>(), world.Get<ForecastReader>(), world.Get<LocationDirectory>(), world.Get<ExportRuns>(),
        })
        {
            Services.AddSingleton(reader.GetType(), reader);
        }

        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton(TimeProvider.System);
        Services.AddScoped<BrowserTimeProvider>();
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(new Somebody(Roles.Auditor));
    }

    [Theory]
    [InlineData(typeof(UsagePage), "License use", "/exports/license-use")]
    [InlineData(typeof(HistoryPage), "Days on which a count changed, newest first", "/exports/license-history")]
    [InlineData(typeof(TitlesPage), "Titles at more than one token", "/exports/shared-titles")]
    [InlineData(typeof(UnservedPage), "Books with copies that have not reached their reader", "/exports/unserved-copies")]
    [InlineData(typeof(UnreadyPage), "People who cannot receive books yet", "/exports/unregistered-people")]
    [InlineData(typeof(ForecastPage), "Forecasts, most urgent first", "/exports/forecast")]
    public void A_report_has_a_chart_that_is_hidden_from_screen_readers_a_table_and_an_export(Type page, string caption, string export)
    {
        var shown = Open(page);

        Assert.NotEmpty(Assert.Single(shown.FindAll("table.list"), t => t.QuerySelector("caption")?.TextContent == caption).QuerySelectorAll("tbody tr"));
        Assert.StartsWith(export, shown.Find("a[download]").GetAttribute("href"), StringComparison.Ordinal);
        if (page != typeof(ForecastPage))
        {
            Assert.Equal("true", shown.Find("figure.chart svg").Closest("[aria-hidden]")?.GetAttribute("aria-hidden"));
        }
    }

    [Theory]
    [InlineData(typeof(UsagePage))]
    [InlineData(typeof(TitlesPage))]
    [InlineData(typeof(UnservedPage))]
    [InlineData(typeof(UnreadyPage))]
    public void Whatever_a_bar_shows_stands_in_a_table(Type page) => ChartTable.AssertHasBars(Open(page));

    [Fact]
    public void Whatever_the_chart_of_days_shows_stands_in_a_table()
    {
        var shown = Open(typeof(HistoryPage));

        var rows = ChartTable.Rows(shown.FindAll("table")).ToList();
        var top = double.Parse(shown.Find(".plot-scale span").TextContent, System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (line, column) in new[] { ("plot-assigned", "Assigned"), ("plot-bought", "Bought") })
        {
            var drawn = Points(shown.Find("path." + line).GetAttribute("d")!).Select(p => (long)Math.Round(top * (1 - (p.Y / 200)))).Distinct().ToList();
            Assert.NotEmpty(drawn);
            Assert.Subset(rows.Select(r => r[column]).ToHashSet(), drawn.Select(v => v.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)).ToHashSet());
        }
    }

    [Fact]
    public void Who_is_not_ready_is_counted_by_how_far_the_registration_is()
    {
        var counts = ChartTable.Rows(Open(typeof(UnreadyPage)).FindAll("table").Take(1)).Select(r => (r["Registration"], r["People"]));

        Assert.Equal([("Ready", "1"), ("Ready at some tokens only", "0"), ("Invited", "1"), ("Being registered", "0"), ("Registration refused", "0"), ("Retired", "0"), ("Not registered", "2")], counts);
    }

    [Fact]
    public void Who_is_not_ready_is_shown_with_each_token_that_has_a_book_for_them()
    {
        var rows = Open(typeof(UnreadyPage)).FindAll("table")[1].QuerySelectorAll("tbody tr").Select(r => Words(r.InnerHtml)).ToList();

        Assert.Equal(["Ben Ben@school.example Invited Central 3", "Dave Dave@school.example Not registered 0", "Erin Erin@school.example Not registered Central 0"], rows);
    }

    [Fact]
    public async Task The_first_page_reads_the_same_days_and_the_same_shopping_list()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var desk = new LicenseUseDesk(Services.GetRequiredService<HistoryReader>(), new ShoppingAtAGlance(Services.GetRequiredService<ForecastReader>(), TimeProvider.System), new CoreActor(new Somebody(Roles.Auditor)));

        var use = await desk.ReadAsync(today, 90, TimeZoneInfo.Utc, Xunit.TestContext.Current.CancellationToken);

        Assert.Equal((90, today, true, 110L), (use.Points.Count, use.Points[^1].Day, use.Points[^1].Known, use.Points[^1].Bought));
        Assert.Equal((12, 0, 0L, null), (use.WeeksAhead, use.BooksToBuy, use.CopiesToBuy, use.BuyBy));
    }

    [Fact]
    public void The_chart_draws_what_the_table_says()
    {
        var shown = Open(typeof(UsagePage));

        var row = shown.FindAll("tbody tr").Single(r => r.TextContent.Contains("Central", StringComparison.Ordinal) && r.TextContent.Contains("Title 1", StringComparison.Ordinal));
        Assert.Equal(["10", "3", "7", "0", "3", "1", "1"], row.QuerySelectorAll("td").Select(c => c.TextContent.Trim()));
        // 3 used, 0 not used, 7 free; the longest bar is Title 2 with 100.
        var bar = shown.FindAll(".bars svg")[0].QuerySelectorAll("path");
        Assert.Equal([("chart-part-0", "Used: 3", (0.0, 30.0)), ("chart-part-2", "Available: 7", (30.0, 100.0))], bar.Select(p => (p.ClassName!, p.TextContent, Across(p.GetAttribute("d")!))));
        Assert.Equal("115", shown.Find(".figure-number").TextContent);
    }

    [Fact]
    public void The_chart_of_days_steps_from_count_to_count_and_begins_with_the_first_known_day()
    {
        HistoryPoint Day(int day, bool known, long bought, long assigned) => new(new DateOnly(2026, 3, day), known, bought, assigned, bought - assigned, 0);

        var shown = Render<HistoryChart>(p => p.Add(c => c.Title, "Days").Add(c => c.Points, [Day(1, false, 0, 0), Day(2, true, 4, 1), Day(3, true, 4, 2), Day(4, true, 3, 2)]));

        Assert.Equal(["4", "3", "2", "1", "0"], shown.FindAll(".plot-scale span").Select(s => s.TextContent));
        Assert.Equal(5, shown.FindAll(".plot-line").Count);
        Assert.Equal("M250 150L500 150L500 100L750 100L1000 100", shown.Find("path.plot-assigned").GetAttribute("d"));
        Assert.Equal("M250 0L500 0L750 0L750 50L1000 50", shown.Find("path.plot-bought").GetAttribute("d"));
        Assert.EndsWith("Z", shown.Find("path.plot-fill").GetAttribute("d"), StringComparison.Ordinal);
        Assert.Empty(shown.FindAll("[style]"));
    }

    [Fact]
    public async Task All_who_open_the_first_page_within_a_minute_share_a_forecast_and_only_readers_get_it()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var glance = new ShoppingAtAGlance(Services.GetRequiredService<ForecastReader>(), clock);
        var (reader, stranger) = (new Actor(ActorKind.Person, "1", "R. Reader", Permissions.Read), new Actor(ActorKind.Person, "2", "N. Nobody", Permissions.None));
        var first = await glance.ReadAsync(reader, Xunit.TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(59));

        Assert.Same(first, await glance.ReadAsync(reader, Xunit.TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<NotAllowedException>(() => glance.ReadAsync(stranger, Xunit.TestContext.Current.CancellationToken));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotSame(first, await glance.ReadAsync(reader, Xunit.TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_forecast_says_what_it_follows_from()
    {
        var shown = Open(typeof(ForecastPage));

        var row = shown.FindAll("tbody tr").Single(r => r.TextContent.Contains("Central", StringComparison.Ordinal) && r.TextContent.Contains("Title 1", StringComparison.Ordinal));
        Assert.Equal(
            [
                "Free at Apple: 7.", "Set aside or on their way: 1. Waiting: 0. Wanted for certain: 1.", "Required to have it, and nothing could be set aside yet: 1.",
                "Not one complete week is known, so nothing is expected beyond that.",
            ],
            row.QuerySelectorAll("li").Select(l => l.TextContent));
        Assert.Contains("Enough", row.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shopping_list_without_entries_says_so()
    {
        var shown = Open(typeof(ShoppingPage));

        Assert.Contains("Nothing to buy", shown.Markup, StringComparison.Ordinal);
        Assert.Contains("Every stock is likely to last for the next 12 weeks.", shown.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_held_twice_lead_to_the_people()
    {
        var shown = Open(typeof(TitleCopiesPage));

        Assert.Equal(["Anna", "Anna"], shown.FindAll("tbody th a").Select(a => a.TextContent));
        // Which title it is of, in words and as a link to everybody who holds it.
        var titles = shown.FindAll("tbody td:nth-of-type(1)");
        Assert.All(titles, t => Assert.Equal($"Title 1 {_world.Biology.AdamId}", Words(t.InnerHtml)));
        Assert.All(titles, t => Assert.Equal($"/monitor/reports/titles/{_world.Biology.AdamId}", t.QuerySelector("a")!.GetAttribute("href")));
        Assert.Equal("/exports/title-copies", shown.Find("a[download]").GetAttribute("href"));
    }

    [Fact]
    public void A_book_gets_a_threshold_of_its_own_and_loses_it_again()
    {
        Services.AddSingleton(_world.Get<StockThresholds>());
        Services.AddSingleton<ICurrentActor>(new Somebody(Roles.Administrator));
        var part = Render<StockThresholdPart>(p => p.Add(t => t.Scope, StockScope.Book).Add(t => t.Id, _world.Biology.PublicId));
        part.WaitForAssertion(() => Assert.Contains("You are told when at most 10 % of the licenses are free.", part.Markup, StringComparison.Ordinal));
        Assert.Contains("As in the settings, for all books", part.Markup, StringComparison.Ordinal);

        part.Find(".threshold > .button").Click();
        part.Find("#threshold-count").Input("25");
        part.Find("#threshold-share").Input("");
        part.Find("form").Submit();
        part.WaitForAssertion(() => Assert.Contains("You are told when at most 25 licenses are free.", part.Markup, StringComparison.Ordinal));
        Assert.Contains("Set by A. Nybody", Words(part.Markup), StringComparison.Ordinal);

        part.Find(".threshold > .button").Click();
        part.FindAll("form button").Single(b => b.TextContent == "Remove").Click();
        part.WaitForAssertion(() => Assert.Contains("As in the settings, for all books", part.Markup, StringComparison.Ordinal));
    }

    // Where a shape of straight lines begins and ends from left to right.
    private static (double From, double To) Across(string path)
    {
        var xs = Points(path).Select(p => p.X).ToList();
        return (xs.Min(), xs.Max());
    }

    private static IEnumerable<(double X, double Y)> Points(string path) => path.Split('M', 'L', 'Z').Where(p => p.Length > 0).Select(p =>
        p.Split(' ').Select(n => double.Parse(n, System.Globalization.CultureInfo.InvariantCulture)).ToArray() is [var x, var y] ? (x, y) : throw new FormatException(p));

    private IRenderedComponent<DynamicComponent> Open(Type page)
    {
        var shown = Render<DynamicComponent>(p => p.Add(c => c.Type, page));
        shown.WaitForAssertion(() => Assert.Empty(shown.FindAll(".busy")), TimeSpan.FromSeconds(20));
        return shown;
    }

    private sealed class Somebody(string role) : ICurrentActor
    {
        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", role), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Nybody")], "test")));
    }
}

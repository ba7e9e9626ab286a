using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Exports;
using VppBooks.Core.Locations;
using VppBooks.Core.Reports;
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

        Assert.Equal(caption, shown.Find("table.list caption").TextContent);
        Assert.NotEmpty(shown.FindAll("tbody tr"));
        Assert.StartsWith(export, shown.Find("a[download]").GetAttribute("href"), StringComparison.Ordinal);
        if (page != typeof(ForecastPage))
        {
            Assert.Equal("true", shown.Find("figure.chart svg").Closest("[aria-hidden]")?.GetAttribute("aria-hidden"));
        }
    }

    [Fact]
    public async Task The_first_page_reads_the_same_days_and_the_same_shopping_list()
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var desk = new LicenseUseDesk(Services.GetRequiredService<HistoryReader>(), Services.GetRequiredService<ForecastReader>(), new CoreActor(new Somebody(Roles.Auditor)));

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
        var bar = shown.FindAll(".bars svg")[0].QuerySelectorAll("rect");
        Assert.Equal([("chart-part-0", "0", "30"), ("chart-part-2", "30", "70")], bar.Select(r => (r.ClassName!, r.GetAttribute("x")!, r.GetAttribute("width")!)));
        Assert.Equal("115", shown.Find(".figure-number").TextContent);
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

using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Exports;
using VppBooks.Core.Locations;
using VppBooks.Core.Reports;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Reports;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Reports;

/// <summary>Reports about many books come by the page; their figures and charts are of all of it.</summary>
public sealed class ReportPagingTests : ElementContext, IClassFixture<ManyBooks>
{
    public ReportPagingTests(ManyBooks books)
    {
        foreach (var reader in new object[] { Get<TitleReports>(), Get<ServingReports>(), Get<ForecastReader>(), Get<LocationDirectory>(), Get<ExportRuns>() })
        {
            Services.AddSingleton(reader.GetType(), reader);
        }

        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton(TimeProvider.System);
        Services.AddScoped<BrowserTimeProvider>();
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(new Auditor());

        T Get<T>()
            where T : notnull => books.Fixture.Get<T>();
    }

    [Theory]
    [InlineData(typeof(UnservedPage), "/monitor/reports/unserved")]
    [InlineData(typeof(TitlesPage), "/monitor/reports/titles")]
    [InlineData(typeof(ShoppingPage), "/monitor/forecast/shopping-list")]
    public void Books_come_by_the_page_and_each_is_on_one(Type page, string path)
    {
        var shown = Open(page, path);
        var (first, bars) = (Books(shown), Bars(shown));
        Assert.Equal("1–50 of 60", shown.Find(".pager-count").TextContent);

        Services.GetRequiredService<NavigationManager>().NavigateTo(shown.Find("a[rel=next]").GetAttribute("href")!);

        shown.WaitForAssertion(() => Assert.Equal("51–60 of 60", shown.Find(".pager-count").TextContent), TimeSpan.FromSeconds(20));
        var second = Books(shown);
        Assert.Equal((50, 10), (first.Count, second.Count));
        Assert.Equal(Enumerable.Range(1, ManyBooks.Count).Select(n => $"Title {n:00}"), first.Concat(second).Order(StringComparer.Ordinal));
        // The chart is of all of them.
        Assert.Equal(bars, Bars(shown));
    }

    [Fact]
    public void What_the_chart_of_the_shopping_list_shows_stands_in_a_table()
    {
        var shown = Open(typeof(ShoppingPage), "/monitor/forecast/shopping-list?page=2");

        ChartTable.AssertHasBars(shown);
        Assert.Equal([("60", "60")], ChartTable.Rows(shown.FindAll("table").Take(1)).Select(r => (r["Books"], r["Copies"])));
        Assert.EndsWith(": 60 copies", shown.Find("section h2").TextContent, StringComparison.Ordinal);
    }

    private static List<string> Books(IRenderedComponent<DynamicComponent> page) => [.. page.FindAll("tbody th a").Select(a => a.TextContent.Trim())];

    private static List<string> Bars(IRenderedComponent<DynamicComponent> page) => [.. page.FindAll(".bar-row").Select(b => b.TextContent)];

    private IRenderedComponent<DynamicComponent> Open(Type page, string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        var shown = Render<DynamicComponent>(p => p.Add(c => c.Type, page));
        shown.WaitForAssertion(() => Assert.Empty(shown.FindAll(".busy")), TimeSpan.FromSeconds(20));
        return shown;
    }

    private sealed class Auditor : ICurrentActor
    {
        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", Roles.Auditor), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Uditor")], "test")));
    }
}

using Bunit;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Overview;
using VppBooks.Web.Components.Reports;

namespace VppBooks.Tests.Locations.Pages;

public sealed class OverviewPageTests : ScreenContext
{
    private static readonly OverviewData _data = new(
        new LicenseTotals(57, 15_000, 12_480, 2_520, 4, 38, 2, 206, 3),
        new PeopleTotals(1_134, 66, 2),
        [
            new TokenSummary(7, AToken.Id, "Education", TokenState.Valid, false, AToken.Now.AddDays(21).AddHours(2), SyncStatus.Completed, AToken.Now.AddMinutes(-12), null),
            new TokenSummary(8, Guid.Empty, "Library", TokenState.AssignedToExternalMdm, false, AToken.Now.AddDays(200), SyncStatus.None, null, null),
        ],
        [
            new AttentionItem.TokenClaimedElsewhere(Guid.Empty, "Library", "OtherMDM"),
            new AttentionItem.TokenExpiring(AToken.Id, "Education", AToken.Now.AddDays(21)),
            new AttentionItem.BookShort(new Guid("6b1d9a52-7a3b-4a0e-9c51-3f2f2f4b1b00"), "Biology 4", 99, 38, 0),
        ],
        [new RecentEvent(1, AToken.Now.AddHours(-2), "Anna", "location.created", AToken.Id, "Education", null, null, null, null, null)]);

    [Fact]
    public void Busy_and_failed_faces()
    {
        Overview.Data = () => new TaskCompletionSource<OverviewData>().Task;
        Assert.Contains("Loading the overview", Render<OverviewPage>().Markup, StringComparison.Ordinal);

        Overview.Data = () => throw new InvalidOperationException();
        Assert.Contains("The overview could not be read.", Render<OverviewPage>().Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void First_use_shows_three_steps_and_no_zeros()
    {
        Overview.Data = () => Task.FromResult(_data with { Tokens = [] });

        var page = Render<OverviewPage>();

        Assert.Equal(3, page.FindAll(".steps li").Count);
        Assert.Equal(TokenAddresses.Create, Assert.Single(page.FindAll(".button-primary")).GetAttribute("href"));
        Assert.Empty(page.FindAll(".tile"));
    }

    [Fact]
    public void Who_may_not_upload_is_told_who_does()
    {
        Desk.Role = AppRoles.Helpdesk;
        Overview.Data = () => Task.FromResult(_data with { Tokens = [] });

        Assert.Contains("An administrator does this.", Render<OverviewPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Tiles_show_numbers_with_their_age_and_link_to_what_is_behind_them()
    {
        Overview.Data = () => Task.FromResult(_data);

        var tiles = Render<OverviewPage>().FindAll(".tile").ToList();

        Assert.StartsWith("Licenses 12,480 of 15,000 used", Words(tiles[0].InnerHtml), StringComparison.Ordinal);
        Assert.Contains("2,520 free 4 set aside 38 waiting as of 12 min ago", Words(tiles[0].InnerHtml), StringComparison.Ordinal);
        Assert.Equal("Books 57 3 run short 2 without a limit as of 12 min ago", Words(tiles[1].InnerHtml));
        Assert.Equal("People 1,134 ready 66 must accept an invitation 2 refused by Apple as of 12 min ago", Words(tiles[2].InnerHtml));
        Assert.Equal("Tokens 2 “Education” expires in 21 days 1 managed by another MDM as of 12 min ago", Words(tiles[3].InnerHtml));
        Assert.All(tiles, t => Assert.NotEmpty(t.QuerySelectorAll("a[href]")));
    }

    [Fact]
    public void Each_thing_that_needs_a_person_has_one_next_step()
    {
        Overview.Data = () => Task.FromResult(_data);

        var items = Render<OverviewPage>().FindAll(".attention li").Select(i => Words(i.InnerHtml)).ToList();

        Assert.Equal(
            ["“Library” is managed by “OtherMDM” now. Take control", "The token “Education” expires on 22 September 2026. Renew", "38 people wait for a copy of “Biology 4”. See the book"],
            items);
    }

    [Fact]
    public void Steps_that_a_role_may_not_take_become_a_look()
    {
        Desk.Role = AppRoles.Auditor;
        Overview.Data = () => Task.FromResult(_data);

        var page = Render<OverviewPage>();

        Assert.Equal(["See the token", "See the token", "See the book"], page.FindAll(".attention a").Select(a => a.TextContent));
        Assert.Empty(page.FindAll(".syncs button"));
    }

    [Fact]
    public void Who_did_what_is_shown_to_those_who_may_read_the_activity_and_to_others_not_even_as_nothing()
    {
        Overview.Data = () => Task.FromResult(_data);
        Assert.Contains("Anna", Render<OverviewPage>().Find("section.activity").TextContent, StringComparison.Ordinal);

        Overview.Data = () => Task.FromResult(_data with { Recent = null });
        Assert.Empty(Render<OverviewPage>().FindAll("section.activity"));
    }

    [Fact]
    public void Numbers_of_people_lead_to_the_list_that_is_as_long()
    {
        Overview.Data = () => Task.FromResult(_data);

        Assert.Equal(
            ["/people?state=associated&directory=here", "/people?state=invited&directory=here", "/people?state=refused&directory=here"],
            Render<OverviewPage>().FindAll(".tile")[2].QuerySelectorAll("a").Select(a => a.GetAttribute("href")));
    }

    [Fact]
    public void Numbers_move_while_the_page_stands_open()
    {
        Overview.Data = () => Task.FromResult(_data);
        var page = Render<OverviewPage>();

        Overview.Data = () => Task.FromResult(_data with { Licenses = _data.Licenses with { Used = 12_481 } });
        Tell(new Change.OfBook(7, 1));

        page.WaitForAssertion(() => Assert.Contains("12,481 of 15,000 used", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void Chart_of_license_use_has_a_table_behind_it_and_leads_to_the_shopping_list()
    {
        var today = DateOnly.FromDateTime(AToken.Now.UtcDateTime);
        Overview.Data = () => Task.FromResult(_data);
        LicenseUse.Data = () => Task.FromResult(new LicenseUseData(
            [new HistoryPoint(today.AddDays(-2), false, 0, 0, 0, 0), new HistoryPoint(today.AddDays(-1), true, 1_500, 1_200, 300, 7), new HistoryPoint(today, true, 1_500, 1_210, 290, 7)], 12, 3, 1_038, today.AddDays(9)));

        var use = LicenseUseOf(Render<OverviewPage>());

        Assert.Equal("true", use.QuerySelector("figure.chart svg")!.Closest("[aria-hidden]")?.GetAttribute("aria-hidden"));
        Assert.Equal(["1 Sep 2026 1,500 1,210 290 7", "31 Aug 2026 1,500 1,200 300 7"], use.QuerySelectorAll("details tbody tr").Select(r => Words(r.InnerHtml)));
        var list = use.QuerySelector(".button")!;
        Assert.Equal(("Shopping list: 1,038 copies of 3 books", ReportAddresses.Shopping), (list.TextContent, list.GetAttribute("href")));
        Assert.Contains("Copies have to be bought by 10 Sep 2026.", use.TextContent, StringComparison.Ordinal);
        Assert.NotNull(use.QuerySelector($"a[href='{ReportAddresses.History}']"));
    }

    [Fact]
    public void Chart_says_when_nothing_has_to_be_bought_when_it_must_be_now_and_when_nothing_is_known()
    {
        var today = DateOnly.FromDateTime(AToken.Now.UtcDateTime);
        var use = new LicenseUseData([new HistoryPoint(today, true, 10, 1, 9, 0)], 12, 0, 0, null);
        Overview.Data = () => Task.FromResult(_data);

        LicenseUse.Data = () => Task.FromResult(use);
        Assert.Contains("Nothing has to be bought for the next 12 weeks.", LicenseUseOf(Render<OverviewPage>()).TextContent, StringComparison.Ordinal);

        LicenseUse.Data = () => Task.FromResult(use with { BooksToBuy = 1, CopiesToBuy = 1, BuyBy = today });
        Assert.Contains("Copies have to be bought now. Shopping list: 1 copy of 1 book", Words(LicenseUseOf(Render<OverviewPage>()).InnerHtml), StringComparison.Ordinal);

        LicenseUse.Data = () => Task.FromResult(use with { Points = [new HistoryPoint(today, false, 0, 0, 0, 0)] });
        Assert.Contains("Counts are kept since the first sync.", LicenseUseOf(Render<OverviewPage>()).TextContent, StringComparison.Ordinal);

        LicenseUse.Data = () => throw new InvalidOperationException();
        var page = Render<OverviewPage>();
        Assert.Contains("The license use could not be read.", LicenseUseOf(page).QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(4, page.FindAll(".tile").Count);
    }

    [Fact]
    public void Chart_is_read_again_with_the_page_and_at_most_once_a_minute()
    {
        Overview.Data = () => Task.FromResult(_data);
        var page = Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal(1, LicenseUse.Reads));

        for (var i = 0; i < 5; i++)
        {
            Overview.Data = () => Task.FromResult(_data with { Licenses = _data.Licenses with { Used = 12_481 + i } });
            Tell(new Change.OfBook(7, 1));
            page.WaitForAssertion(() => Assert.Contains($"12,48{1 + i} of 15,000 used", page.Markup, StringComparison.Ordinal));
        }

        Assert.Equal(1, LicenseUse.Reads);
        Clock.Advance(TimeSpan.FromMinutes(1));
        Tell(new Change.OfBook(7, 1));
        page.WaitForAssertion(() => Assert.Equal(2, LicenseUse.Reads));
    }

    private static AngleSharp.Dom.IElement LicenseUseOf(IRenderedComponent<OverviewPage> page)
    {
        page.WaitForState(() => page.FindAll(".license-use .busy").Count == 0);
        return page.Find(".license-use");
    }
}

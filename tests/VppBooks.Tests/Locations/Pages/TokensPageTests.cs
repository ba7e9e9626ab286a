using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Locations;

namespace VppBooks.Tests.Locations.Pages;

public sealed class TokensPageTests : ScreenContext
{
    [Fact]
    public void Busy_face_says_what_is_loading()
    {
        Desk.List = () => new TaskCompletionSource<IReadOnlyList<LocationSummary>>().Task;

        Assert.Equal("Loading tokens", Render<TokensPage>().Find(".busy[role=status]").TextContent.Trim());
    }

    [Fact]
    public void Failed_face_gives_a_reference_and_tries_again()
    {
        Desk.List = () => throw new InvalidOperationException("secret");
        var page = Render<TokensPage>();

        Assert.Contains("The list of tokens could not be read.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", page.Markup, StringComparison.Ordinal);

        Desk.List = () => Task.FromResult<IReadOnlyList<LocationSummary>>([AToken.Summary()]);
        page.Find("[role=alert] button").Click();

        Assert.NotNull(page.Find("table"));
    }

    [Fact]
    public void Empty_face_leads_to_create_and_says_why_there_is_nothing_to_sync()
    {
        var page = Render<TokensPage>();

        Assert.Contains("No VPP tokens yet", page.Markup, StringComparison.Ordinal);
        Assert.Equal("Create", Assert.Single(page.FindAll(".button-primary")).TextContent.Trim());
        var syncAll = Button(page, "Sync all");
        Assert.Equal("true", syncAll.GetAttribute("aria-disabled"));
        Assert.Equal("There is no token to sync yet.", page.Find("#" + syncAll.GetAttribute("aria-describedby")).TextContent);
    }

    [Fact]
    public void Empty_face_of_a_role_that_may_not_upload_says_who_may()
    {
        Desk.Role = AppRoles.Auditor;

        var page = Render<TokensPage>();

        Assert.Contains("An administrator uploads the first token.", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("button"));
    }

    [Fact]
    public void Ready_face_shows_each_token_with_everything_about_it()
    {
        Show(AToken.Summary());

        var cells = Render<TokensPage>().FindAll("tbody tr:first-child > *").Select(c => Words(c.InnerHtml)).ToList();

        Assert.Equal(["Valid", "Education", "Noordrand Schools Noordrand Education", "vpp@noordrand.example", "Education"], cells[..5]);
        Assert.EndsWith("178 days left", cells[5], StringComparison.Ordinal);
        Assert.Equal(["37", "2,450 / 12,630", "Succeeded 12 min ago"], cells[6..9]);
    }

    [Theory]
    [InlineData(AppRoles.Administrator, "Sync, Edit, Renew, Delete")]
    [InlineData(AppRoles.Assigner, "Sync")]
    [InlineData(AppRoles.Helpdesk, "Sync")]
    [InlineData(AppRoles.Auditor, "")]
    public void Row_menu_offers_only_what_the_role_allows(string role, string offered)
    {
        Desk.Role = role;
        Show(AToken.Summary());

        Assert.Equal(offered, string.Join(", ", Render<TokensPage>().FindAll(".action-menu-item").Select(i => i.TextContent.Trim())));
    }

    [Theory]
    [InlineData(LocationCondition.Expired, "The token has expired: renew it first.")]
    [InlineData(LocationCondition.RevokedOrPasswordChanged, "The token does not work: renew it first.")]
    [InlineData(LocationCondition.ClaimedElsewhere, "VppBooks does not manage this location: take control first.")]
    public void Sync_that_is_impossible_says_why(LocationCondition condition, string reason)
    {
        Show(AToken.Summary(condition));

        var sync = Render<TokensPage>().FindAll(".action-menu-item")[0];

        Assert.Equal("true", sync.GetAttribute("aria-disabled"));
        Assert.Equal(reason, sync.QuerySelector(".action-menu-reason")!.TextContent);
    }

    [Fact]
    public void Sync_answers_in_words()
    {
        Show(AToken.Summary());
        Syncs.Answer = new SyncRequestResult.TooSoon(TimeSpan.FromSeconds(41.2));
        var page = Render<TokensPage>();

        page.FindAll(".action-menu-item")[0].Click();

        Assert.Contains("“Education” was synced less than a minute ago. Try again in 42 s.", page.Find("[role=status]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Sync_all_sums_up_what_became_of_each()
    {
        Show(AToken.Summary());
        var page = Render<TokensPage>();

        Button(page, "Sync all").Click();

        Assert.Contains("2 syncs begin · 1 under way already · 1 cannot be synced as they stand", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_of_a_deed_is_told_and_the_page_stays()
    {
        Show(AToken.Summary());
        Syncs.Answer = null!;
        var page = Render<TokensPage>();

        page.FindAll(".action-menu-item")[0].Click();

        Assert.Contains("is no longer here", page.Markup, StringComparison.Ordinal);
        Assert.NotNull(page.Find("table"));
    }

    [Fact]
    public void Change_elsewhere_shows_by_itself()
    {
        Show(AToken.Summary());
        var page = Render<TokensPage>();

        Show(AToken.Summary(LocationCondition.Expired, daysLeft: -2));
        Tell(new Change.OfLocation(7));

        page.WaitForAssertion(() => Assert.Contains("Expired", page.Find("tbody td").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void Failing_second_read_leaves_the_list_as_it_is()
    {
        Show(AToken.Summary());
        var page = Render<TokensPage>();

        var asked = 0;
        Desk.List = () =>
        {
            asked++;
            throw new InvalidOperationException();
        };
        Tell(new Change.OfLocation(7));

        page.WaitForAssertion(() => Assert.Equal(1, asked));
        Assert.NotNull(page.Find("table"));
    }

    [Fact]
    public async Task Deleting_tells_what_is_lost_and_wants_the_name()
    {
        Show(AToken.Summary());
        Desk.Preview = new DeletionPreview(37, 2_450, 12, 0, 0, 9, 260);
        Desk.Change = () => new ChangeLocationResult.Changed(AToken.Id, 5);
        var providers = Render<FluentProviders>();
        var page = Render<TokensPage>();

        _ = page.FindAll(".action-menu-item")[3].ClickAsync(new());
        providers.WaitForElement("input");
        var words = Words(providers.Markup);
        Assert.Contains("37 books disappear from the lists.", words, StringComparison.Ordinal);
        Assert.Contains("2,450 licenses stay with the people who hold them", words, StringComparison.Ordinal);

        await DialogButton(providers, "Delete token").ClickAsync(new());
        Assert.Contains("This is not Education.", providers.Markup, StringComparison.Ordinal);
        Assert.Empty(Desk.Asked);

        await providers.Find("input").InputAsync("Education");
        await DialogButton(providers, "Delete token").ClickAsync(new());

        page.WaitForAssertion(() => Assert.Contains("“Education” is deleted.", page.Markup, StringComparison.Ordinal));
        Assert.Equal(["delete"], Desk.Asked);
    }

    [Fact]
    public void Token_with_open_requests_cannot_be_deleted_and_says_so()
    {
        Show(AToken.Summary());
        Desk.Preview = new DeletionPreview(37, 2_450, 0, 14, 2, 9, 260);
        var providers = Render<FluentProviders>();
        var page = Render<TokensPage>();

        _ = page.FindAll(".action-menu-item")[3].ClickAsync(new());

        providers.WaitForAssertion(() => Assert.Contains("14 licenses are on their way to Apple", Words(providers.Markup), StringComparison.Ordinal));
        Assert.DoesNotContain("Delete token", Words(providers.Markup), StringComparison.Ordinal);
    }

    [Fact]
    public void Speaks_Dutch_with_the_words_administrators_know()
    {
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.CurrentUICulture = System.Globalization.CultureInfo.GetCultureInfo("nl");
        Show(AToken.Summary(LocationCondition.ClaimedElsewhere));

        var page = Render<TokensPage>();

        Assert.Equal("Apple VPP-tokens", page.Find("h1").TextContent);
        Assert.Equal("Maken", page.Find(".button-primary").TextContent.Trim());
        Assert.Contains("Toegewezen aan externe MDM", page.Markup, StringComparison.Ordinal);
    }

    private static IElement DialogButton(IRenderedComponent<FluentProviders> providers, string word) =>
        providers.FindAll("fluent-button").Single(b => b.TextContent.Trim() == word);

    private static IElement Button(IRenderedComponent<TokensPage> page, string word) => page.FindAll("button").Single(b => b.TextContent.Trim() == word);

    private void Show(params LocationSummary[] tokens) => Desk.List = () => Task.FromResult<IReadOnlyList<LocationSummary>>(tokens);
}
